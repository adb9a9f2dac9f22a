// The page: buttons to pictures, pictures to answers.

import { assess, facts, Problem, takeToken } from "./api.js";
import { closeCamera, openCamera, readFile, takePicture, turnCamera } from "./camera.js";
import { byId, clearAnswer, showAnswer, showFacts, showProblem } from "./show.js";
import { addToTrend, startTrend } from "./trend.js";

const LIVE_EVERY = 1000;
const ENDS_LIVE = ["token", "network", "foreign-host", "page"];

const video = byId("video");
const shown = byId("shown");
let live = 0; // which run of the live mode goes on; 0: none
let runs = 0;
let asked = 0; // pictures so far: an answer to an older one comes too late

const problemOf = (error) =>
  error instanceof Problem ? error : new Problem({ error: "page", what: `The page failed: ${error.message}` });

async function attempt(action) {
  try {
    await action();
  } catch (error) {
    showProblem(problemOf(error));
  }
}

function showCamera() {
  byId("stage").className = "";
  video.hidden = false;
  shown.hidden = true;
  asked += 1;
  clearAnswer("No picture yet.");
  for (const id of ["take", "live", "turn"]) byId(id).hidden = false;
  byId("open").hidden = true;
}

function showPicture(picture) {
  stopLive();
  closeCamera(video);
  URL.revokeObjectURL(shown.src);
  shown.src = URL.createObjectURL(picture);
  byId("stage").className = "";
  shown.hidden = false;
  video.hidden = true;
  for (const id of ["take", "live", "turn"]) byId(id).hidden = true;
  byId("open").hidden = false;
}

async function assessPicture(picture) {
  showPicture(picture);
  byId("trend-section").hidden = true;
  clearAnswer("Looking …");
  const mine = (asked += 1);
  const answer = await assess(picture);
  if (mine === asked) showAnswer(answer);
}

async function runLive(mine) {
  startTrend();
  let threshold = 0.5;
  while (live === mine) {
    const started = performance.now();
    let answer = null;
    let problem = null;
    try {
      answer = await assess(await takePicture(video));
    } catch (error) {
      problem = problemOf(error);
    }
    if (live !== mine) return; // stopped meanwhile: the page shows something else by now
    if (answer) showAnswer(answer);
    else showProblem(problem);
    threshold = answer?.threshold ?? threshold;
    addToTrend(answer?.p_pain ?? null, threshold);
    if (ENDS_LIVE.includes(problem?.error)) stopLive();
    const rest = LIVE_EVERY - (performance.now() - started);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, rest, 1000 * (problem?.wait ?? 0))));
  }
}

function stopLive() {
  live = 0;
  byId("live").setAttribute("aria-pressed", "false");
  byId("live").textContent = "Live";
}

function switchLive() {
  if (live) {
    stopLive();
    return;
  }
  live = runs += 1;
  byId("live").setAttribute("aria-pressed", "true");
  byId("live").textContent = "Stop live";
  runLive(live);
}

async function start() {
  await openCamera(video);
  showCamera();
  byId("take").focus();
}

byId("open").addEventListener("click", () => attempt(start));
byId("turn").addEventListener("click", () => attempt(() => turnCamera(video)));
byId("take").addEventListener("click", () => attempt(async () => assessPicture(await takePicture(video))));
byId("live").addEventListener("click", switchLive);
byId("file").addEventListener("change", ({ target }) => {
  const [file] = target.files;
  if (file) attempt(async () => assessPicture(await readFile(file)));
  target.value = ""; // the same file may be chosen again
});
byId("regions").addEventListener("change", ({ target }) => {
  byId("overlay").style.visibility = target.checked ? "visible" : "hidden";
});
// Nobody looks: no picture is taken.
document.addEventListener("visibilitychange", () => document.hidden && stopLive());

takeToken();
attempt(async () => showFacts(await facts()));
