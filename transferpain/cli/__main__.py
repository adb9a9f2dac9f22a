from transferpain.cli import main

main()
