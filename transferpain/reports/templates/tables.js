// Sorting and filtering of tables that are there without it; text is only ever set as text.
document.querySelectorAll("table[data-sortable]").forEach(function (table) {
  var body = table.tBodies[0], rows = Array.from(body.rows), last = -1, descending = false;
  function read(row, column) {
    var text = row.cells[column].textContent, value = parseFloat(text);
    return { text: text, value: value };
  }
  function compare(a, b) {
    if (!isNaN(a.value) && !isNaN(b.value)) return a.value - b.value;
    return a.text < b.text ? -1 : a.text > b.text ? 1 : 0;
  }
  Array.from(table.tHead.rows[0].cells).forEach(function (head, column) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.textContent = "";
    head.appendChild(button);
    button.addEventListener("click", function () {
      descending = last === column && !descending;
      last = column;
      rows.sort(function (a, b) {
        return (descending ? -1 : 1) * compare(read(a, column), read(b, column));
      });
      rows.forEach(function (row) { body.appendChild(row); });
      Array.from(table.tHead.rows[0].cells).forEach(function (cell) { cell.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    });
  });
  var box = document.createElement("p"), label = document.createElement("label");
  var field = document.createElement("input"), count = document.createElement("output");
  box.className = "filter";
  label.textContent = "Show rows with ";
  field.type = "search";
  field.placeholder = "subject, clip, class";
  label.appendChild(field);
  box.appendChild(label);
  box.appendChild(count);
  field.addEventListener("input", function () {
    var words = field.value.toLowerCase().split(/\s+/), shown = 0;
    rows.forEach(function (row) {
      var text = row.textContent.toLowerCase();
      row.hidden = !words.every(function (word) { return text.indexOf(word) >= 0; });
      shown += row.hidden ? 0 : 1;
    });
    count.textContent = " " + shown + " of " + rows.length + " rows";
  });
  table.parentNode.parentNode.insertBefore(box, table.parentNode);
});
