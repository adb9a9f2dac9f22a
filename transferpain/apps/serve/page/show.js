// Writes answers into the page; everything from the server is text, never markup.

const SVG = "http://www.w3.org/2000/svg";
const UNIT_NAMES = {
  4: "brow lowered", 6: "cheek raised", 7: "lids tightened", 9: "nose wrinkled", 10: "upper lip raised",
  12: "lip corners pulled", 25: "lips parted", 26: "jaw dropped", 43: "eyes closed",
};

export const byId = (id) => document.getElementById(id);
export const percent = (share) => `${(100 * share).toFixed(0)} %`;
const inWords = (label) => (label === null ? "no answer" : label === "pain" ? "Pain" : "No pain");
const className = (label) => (label ?? "none").replace(" ", "-");

function make(tag, text = "", attributes = {}) {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

export function draw(tag, attributes, text = "") {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
}

export function showFacts(facts) {
  const [research, ...doubts] = facts.notices;
  byId("notices").replaceChildren(research, ...doubts.map((doubt) => make("strong", doubt)));
  byId("about").textContent = `Bundle ${facts.bundle}, version ${facts.model_version.slice(0, 12)}.`;
}

export function showAnswer(answer) {
  hideProblem();
  showVerdict(answer);
  showModels(answer);
  showUnits(answer);
  showOverlay(answer);
}

function showVerdict({ label, p_pain, threshold, synthetic, notices }) {
  const verdict = byId("verdict");
  // Written only when it changes: a screen reader would say it every second otherwise.
  if (verdict.textContent !== inWords(label)) verdict.textContent = inWords(label);
  verdict.className = className(label);
  const probability = p_pain === null ? "" : `P(pain) ${percent(p_pain)}; called pain from ${percent(threshold)} on.`;
  byId("probability").textContent = probability;
  byId("doubt").hidden = !synthetic;
  byId("doubt").textContent = synthetic ? notices.at(-1) : "";
}

function showModels({ models, main, coverage }) {
  const rows = models.map((model) => {
    const row = make("tr", "", { class: model.name === main ? "main" : "" });
    row.append(
      make("th", model.title, { scope: "row" }),
      make("td", inWords(model.label), { class: className(model.label) }),
      make("td", model.p_pain === null ? "-" : percent(model.p_pain)),
      make("td", percent(model.threshold)),
    );
    return row;
  });
  byId("models").replaceChildren(...rows);
  byId("coverage").textContent = `${percent(coverage)} of the models could look at this face.`;
  byId("models-section").hidden = false;
}

function showUnits({ action_units: units, action_units_from: from }) {
  const said = units.length ? `Guessed, not coded: ${from}.` : "No mesh of the face was found: nothing to guess from.";
  byId("units-from").textContent = said;
  byId("units").replaceChildren(
    ...units.map(({ unit, intensity, maximum, measure, standing }) => {
      const row = make("li");
      const name = `AU${unit} ${UNIT_NAMES[unit] ?? ""}`;
      const value = `${intensity.toFixed(1)} of ${maximum}`;
      const meter = make("meter", value, { min: 0, max: maximum, value: intensity, "aria-label": `${name}, ${measure}` });
      row.append(make("span", name), make("span", value, { class: "value" }), meter);
      row.append(make("span", `${measure}, ${standing}`, { class: "standing" }));
      return row;
    }),
  );
  byId("units-section").hidden = false;
}

function showOverlay({ face, regions }) {
  const { left, top, right, bottom } = face;
  const box = draw("rect", { class: "face", x: left, y: top, width: right - left, height: bottom - top });
  const outlines = regions.flatMap(({ outlines }) =>
    outlines.map((points) => draw("polygon", { class: "region", points: points.join(" ") })),
  );
  byId("overlay").replaceChildren(box, ...outlines);
}

// Takes everything off the page that was said of another picture.
export function clearAnswer(text) {
  hideProblem();
  byId("verdict").className = "";
  if (byId("verdict").textContent !== text) byId("verdict").textContent = text;
  byId("probability").textContent = "";
  byId("doubt").hidden = true;
  for (const id of ["models-section", "units-section"]) byId(id).hidden = true;
  byId("overlay").replaceChildren();
}

export function showProblem({ what, rule, received, todo }) {
  const lines = [what, rule, received && `Received: ${received}`, todo].filter(Boolean);
  const box = byId("problem");
  // Said again only if it is another one, as in live mode.
  const known = !box.hidden && box.firstChild?.textContent === what;
  clearAnswer("No verdict.");
  if (!known) box.replaceChildren(...lines.map((line) => make("p", line)));
  box.hidden = false;
}

function hideProblem() {
  byId("problem").hidden = true;
}
