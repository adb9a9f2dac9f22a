"""The page in a real browser, with a drawn person before its camera."""

import socket

import numpy as np
import pytest

from tests.apps.serve.browser import CHROMIUM, browser, write_camera
from tests.apps.serve.drawn import PAIN, draw_person, encode
from tests.apps.serve.running import running
from transferpain.apps.serve.access import decide_access
from transferpain.apps.serve.answers import DRAWN, RESEARCH
from transferpain.apps.serve.certificate import make_certificate
from transferpain.apps.serve.limits import Limits
from transferpain.inputs.action_units.measures import shipped_measures

NAME = "pain.example"
ANSWERED = "!document.querySelector('#models-section').hidden"
REFUSED = "!document.querySelector('#problem').hidden"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]


def share(text: str) -> int:
    """Return the per cent in `P(pain) 39 %; ...`."""
    return int(text.removeprefix("P(pain) ").partition(" ")[0])


def test_camera_live_gallery_and_errors(server, tmp_path):
    camera = write_camera(tmp_path / "camera.y4m", [draw_person(), draw_person(units=PAIN)])
    (tmp_path / "face.webp").write_bytes(encode(draw_person(units=PAIN), "WEBP"))
    (tmp_path / "wall.png").write_bytes(encode(np.full((200, 200, 3), 99, np.uint8), "PNG"))
    (tmp_path / "text.jpg").write_text("no picture")
    with browser(tmp_path / "profile", f"--use-file-for-fake-video-capture={camera}") as page:
        page.open(f"http://127.0.0.1:{server.port}/", 360, 740)
        page.wait("document.querySelector('#notices strong')")
        assert page.text("#notices").splitlines() == [RESEARCH, DRAWN]

        page.choose_file("#file", tmp_path / "face.webp")
        page.wait(ANSWERED)
        assert page.text("#verdict") == "No pain"
        assert 30 < share(page.text("#probability")) < 50
        assert page.text("#doubt") == DRAWN
        assert [line.split("\t")[1:] for line in page.text("#models").splitlines() if "\t" in line] == [
            ["No pain", page.text("#models tr td:nth-child(3)"), "50 %"],
            ["no answer", "-", "50 %"],
        ]
        assert page.run("document.querySelectorAll('#units li').length") == 9
        worth = page.run("[...document.querySelectorAll('#units .standing')].map((one) => one.innerText)")
        assert worth == [f"{measure}, {standing}" for measure, standing in shipped_measures().values()]
        assert page.run("document.querySelectorAll('#overlay polygon').length") == 8
        # Nothing is wider than the phone, everything that is pressed is large enough for a thumb.
        assert page.run("document.documentElement.scrollWidth") == 360
        assert (
            page.run("Math.min(...[...document.querySelectorAll('button,.button')].map((b) => b.offsetHeight || 99))")
            >= 44
        )

        page.choose_file("#file", tmp_path / "wall.png")
        page.wait(REFUSED)
        assert page.text("#problem").startswith("No face was found in the picture.")
        assert page.text("#verdict") == "No verdict."
        page.choose_file("#file", tmp_path / "text.jpg")
        page.wait("document.querySelector('#problem').innerText.startsWith('The body is no picture')")

        # With the keyboard alone: to the camera, then to the picture.
        page.run("document.querySelector('#open').focus()")
        page.press("Enter", 13, "\r")
        page.wait("document.activeElement.id === 'take'")
        page.press("Tab", 9)
        assert page.run("document.activeElement.id") == "live"
        page.press(" ", 32, " ")
        # The one before the camera is at rest and in pain in turns, each a second.
        page.wait("document.querySelectorAll('#trend circle').length === 1")
        page.wait("/between 1\\d % and [34]\\d %/.test(document.querySelector('#trend').getAttribute('aria-label'))")
        assert page.text("#live") == "Stop live"
        page.click("#take")
        page.wait(f"!document.querySelector('#shown').hidden && {ANSWERED}")
        assert page.text("#verdict") == "No pain"
        assert page.run("document.querySelector('#trend-section').hidden")
        assert page.run("document.querySelector('#live').hidden")
        assert page.run("document.querySelector('#video').srcObject") is None
        page.click("#regions")
        assert page.run("getComputedStyle(document.querySelector('#overlay')).visibility") == "hidden"
        refused = [line for line in page.complaints if "the server responded with a status of 4" in line]
        assert page.complaints == refused
        assert len(refused) == 2


def test_every_control_and_figure_has_a_name(server, tmp_path):
    with browser(tmp_path / "profile") as page:
        page.open(f"http://127.0.0.1:{server.port}/", 360, 740)
        page.wait("document.querySelector('#notices strong')")
        (tmp_path / "face.jpg").write_bytes(encode(draw_person()))
        page.choose_file("#file", tmp_path / "face.jpg")
        page.wait(ANSWERED)
        nodes = page.call("Accessibility.getFullAXTree")["nodes"]
        named = [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node["ignored"] and node["role"]["value"] in ("button", "checkbox", "meter", "image", "table")
        ]
        assert ("button", "Open camera") in named
        assert ("image", "The picture that was assessed") in named
        assert sum(role == "meter" for role, _ in named) == 9
        assert next(name for role, name in named if role == "meter") == "AU4 brow lowered, proxy"
        assert not [role for role, name in named if not name and role != "table"]
        live = page.run("[...document.querySelectorAll('[aria-live],[role=alert]')].map((e) => e.id)")
        assert live == ["verdict", "problem"]


def test_by_https_under_another_name_with_the_token(assessor, tmp_path):
    access = decide_access("0.0.0.0", 0, names=(NAME,), self_signed=True)
    files, _ = make_certificate(access.names, tmp_path)
    camera = write_camera(tmp_path / "camera.y4m", [draw_person()])
    flags = (
        f"--host-resolver-rules=MAP {NAME} 127.0.0.1",
        "--ignore-certificate-errors",
        f"--use-file-for-fake-video-capture={camera}",
    )
    with running(assessor, Limits(rate=1000), access, files) as server, browser(tmp_path / "profile", *flags) as page:
        address = access.url(server.port)
        assert address.startswith(f"https://{NAME}:")
        page.open(address, 360, 740)
        page.wait("document.querySelector('#notices strong')")
        # Whoever looks at the screen does not see the token; a reload still has it.
        assert page.run("location.href") == f"https://{NAME}:{server.port}/"
        page.call("Page.reload")
        page.wait("document.querySelector('#notices strong')")
        assert page.run("isSecureContext")
        page.click("#open")
        page.wait("document.activeElement.id === 'take'")
        page.click("#take")
        page.wait(ANSWERED)
        assert share(page.text("#probability")) < 20
        page.run("sessionStorage.clear()")
        page.call("Page.reload")
        page.wait(REFUSED)
        assert page.text("#problem").startswith("The token is missing or wrong.")


def test_a_server_that_has_ended(assessor, tmp_path):
    (tmp_path / "face.jpg").write_bytes(encode(draw_person()))
    with browser(tmp_path / "profile") as page:
        with running(assessor) as server:
            page.open(f"http://127.0.0.1:{server.port}/", 360, 740)
            page.wait("document.querySelector('#notices strong')")
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", server.port)) != 0
        page.choose_file("#file", tmp_path / "face.jpg")
        page.wait(REFUSED)
        assert page.text("#problem").startswith("The server does not answer.")
