// States: read from and written to the address, moved within what is allowed, and never repaired in silence.

const DECLARED = JSON.parse(document.getElementById("declarations").textContent);
const CATALOGUE = DECLARED.catalogue;
const ROLES = ["truth", "weak", "strong"];
const MODEL_EDGE = 0.001; // how close to the edge a model can be moved by hand
const SUM_TOLERANCE = 1e-9;

function startOf(kind) {
  return structuredClone(DECLARED.start[kind]);
}

/** The fragment of an address that holds the state. */
function fragmentOf(state) {
  const parts = [["kind", state.kind], ...(state.kind === "pair" ? [["weight", state.weight]] : [])];
  for (const role of ROLES) parts.push([role, state[role].join(",")]);
  return "#" + parts.map(([key, value]) => `${key}=${value}`).join("&");
}

class Unreadable extends Error {}

function numberFrom(key, text) {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) throw new Unreadable(`${key}: “${shown(text)}” is not a number`);
  return Number(text);
}

function shown(text) {
  return text.length > 24 ? text.slice(0, 23) + "…" : text;
}

function pointFrom(role, text, kind) {
  const wanted = kind === "simplex" ? 3 : 2;
  const entries = text.split(",").map((part) => numberFrom(role, part.trim()));
  if (entries.length !== wanted) throw new Unreadable(`${role}: ${entries.length} numbers where ${wanted} are needed`);
  const least = role === "truth" ? 0 : DECLARED.leastEntry;
  const most = kind === "simplex" ? 1 : 1 - least;
  const off = entries.find((p) => !(least <= p && p <= most));
  if (off !== undefined) throw new Unreadable(`${role}: ${off} is not between ${least} and ${most}`);
  const total = sum(entries);
  if (kind === "simplex" && Math.abs(total - 1) > SUM_TOLERANCE)
    throw new Unreadable(`${role}: its three numbers sum to ${total}, not 1`);
  return entries;
}

function stateFrom(fields) {
  if (fields.has("preset")) {
    const found = DECLARED.presets.find((preset) => preset.claim === fields.get("preset"));
    if (!found) throw new Unreadable(`preset: “${shown(fields.get("preset"))}” is not one of the counterexamples`);
    return structuredClone(found.state);
  }
  const kind = fields.get("kind");
  if (!(kind in DECLARED.start)) throw new Unreadable(`kind: “${shown(kind ?? "")}” is neither simplex nor pair`);
  const state = { kind };
  const known = ["kind", ...(kind === "pair" ? ["weight"] : []), ...ROLES];
  for (const key of known) if (!fields.has(key)) throw new Unreadable(`${key} is missing`);
  for (const key of fields.keys()) if (!known.includes(key)) throw new Unreadable(`“${shown(key)}” is not known`);
  if (kind === "pair") {
    state.weight = numberFrom("weight", fields.get("weight"));
    const least = DECLARED.leastWeight;
    if (!(least <= state.weight && state.weight <= 1 - least))
      throw new Unreadable(`weight: ${state.weight} is not between ${least} and ${1 - least}`);
  }
  for (const role of ROLES) state[role] = pointFrom(role, fields.get(role), kind);
  return state;
}

/** The state of a fragment, or the default one with a sentence on what could not be read. */
function readFragment(fragment) {
  const text = fragment.replace(/^#/, "");
  if (!text) return { state: startOf("simplex"), problem: null };
  try {
    const fields = new Map();
    for (const part of decodeURIComponent(text).split("&")) {
      const at = part.indexOf("=");
      if (at < 0) throw new Unreadable(`“${shown(part)}” has no value`);
      if (fields.has(part.slice(0, at))) throw new Unreadable(`${shown(part.slice(0, at))} occurs twice`);
      fields.set(part.slice(0, at), part.slice(at + 1));
    }
    return { state: stateFrom(fields), problem: null };
  } catch (error) {
    if (!(error instanceof Unreadable || error instanceof URIError)) throw error;
    const why = error instanceof URIError ? "it is not a valid address" : error.message;
    return { state: startOf("simplex"), problem: `The state in this link could not be read (${why}). This is the default state.` };
  }
}

/** The nearest point of the simplex with entries of at least `least`. */
function ontoSimplex(entries, least) {
  const room = 1 - 3 * least;
  const ordered = entries.map((e) => e - least).sort((a, b) => b - a);
  let level = 0, total = 0;
  ordered.forEach((e, n) => {
    total += e;
    if (e > (total - room) / (n + 1)) level = (total - room) / (n + 1);
  });
  return entries.map((e) => Math.max(0, e - least - level) + least);
}

function thousandths(value) {
  return Math.round(value * 1000) / 1000;
}

/** A point as near as allowed to where it was moved, in thousandths. */
function allowed(kind, role, point) {
  const least = role === "truth" ? 0 : MODEL_EDGE;
  if (kind === "pair") return point.map((p) => thousandths(Math.min(1 - least, Math.max(least, p))));
  const made = ontoSimplex(point, least).map(thousandths);
  const largest = made.indexOf(Math.max(...made));
  made[largest] = thousandths(1 - sum(made.filter((_, c) => c !== largest)));
  return made;
}
