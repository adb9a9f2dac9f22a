// What is asked of the server, and what it refuses. The token comes in the page's fragment, which is sent to nobody.

const KEPT = "transferpain-token";

export class Problem extends Error {
  constructor({ error = "", what, rule = "", received = "", todo = "" }, wait = 0) {
    super(what);
    Object.assign(this, { error, what, rule, received, todo, wait });
  }
}

// Takes the token out of the address bar, so that no picture of the screen shows it; a reload still finds it.
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem(KEPT, given);
    history.replaceState(null, "", location.pathname);
  }
}

async function ask(path, options = {}) {
  const token = sessionStorage.getItem(KEPT);
  const headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  let answer;
  try {
    answer = await fetch(path, { ...options, headers });
  } catch {
    throw new Problem({ error: "network", what: "The server does not answer.", todo: "See whether it still runs." });
  }
  const body = await answer.json().catch(() => ({ what: `The server answered ${answer.status}.` }));
  if (!answer.ok) throw new Problem(body, Number(answer.headers.get("Retry-After")) || 0);
  return body;
}

export const facts = () => ask("v1/models");

export const assess = (picture) =>
  ask("v1/assess", { method: "POST", body: picture, headers: { "Content-Type": picture.type } });
