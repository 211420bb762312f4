// The page: what is dragged, and what it says.

const page = Object.fromEntries(
  ["board", "band", "numbers", "summary", "calibration", "notice", "lesson", "preset", "marks", "weight", "said", "only"].map(
    (name) => [name, document.getElementById(name)],
  ),
);
let state = startOf("simplex");
let waiting = false, saving = 0, speaking = 0;

const MATHS = {
  weak: "<math><msub><mi>F</mi><mi>w</mi></msub></math>",
  strong: "<math><msub><mi>F</mi><mrow><mi>s</mi><mi>w</mi></mrow></msub></math>",
  truth: "<math><msup><mi>F</mi><mo>∗</mo></msup></math>",
};
const SYMBOLS = { truth: "◆", weak: "■", strong: "●" };

function element(name, attributes = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}

// What the numbers say --------------------------------------------------------------------------------------------------

function verdictWords(id, found) {
  const entry = CATALOGUE[id];
  const room = readable(Math.abs(found.slack), 3);
  if (found.verdict === "outside") return `Does not apply: ${found.outside}.`;
  if (found.verdict === "hypotheses_not_met") {
    const name = found.failed[0];
    const { sentence } = entry.hypotheses.find((h) => h.name === name);
    return `Does not apply: it assumes that ${sentence}, which fails here by ${readable(-found.margins[name], 3)}.`;
  }
  if (found.verdict === "nonfinite") return "A side is infinite here, so there is nothing to compare.";
  if (found.verdict === "violated") {
    if (found.identity) return `The two sides differ here by ${room}.`;
    return `Fails here: the left side is larger by ${room}.`;
  }
  if (found.verdict === "tight") return found.identity ? "Both sides agree here." : "Equality here, as far as float64 can tell.";
  return `No violation here: room for ${room}${entry.proved ? "" : "; elsewhere it fails"}.`;
}

function signOf(found) {
  if (found.identity) return found.verdict === "violated" ? "≠" : "=";
  return found.verdict === "tight" ? "≈" : found.slack < 0 ? ">" : "≤";
}

function showClaim(id, found) {
  const card = document.getElementById(id);
  card.dataset.verdict = found.verdict;
  const known = found.verdict !== "outside";
  card.querySelector(".lhs").textContent = known ? readableDifference(found.lhs, found.scale) : "";
  card.querySelector(".sign").textContent = known ? signOf(found) : "";
  card.querySelector(".rhs").textContent = known ? readableDifference(found.rhs, found.scale) : "";
  const top = Math.max(Math.abs(found.lhs ?? 0), Math.abs(found.rhs ?? 0));
  const size = (value) => (found.identity ? Math.abs(value) : Math.max(0, value));
  const share = (value) => (known && Number.isFinite(top) && top > 0 ? (100 * size(value)) / top : 0);
  card.querySelector(".bar i").style.width = `${share(found.lhs)}%`;
  card.querySelector(".bar b").style.left = `${share(found.rhs)}%`;
  card.querySelector(".words").textContent = verdictWords(id, found);
  const preset = DECLARED.presets.find((one) => one.claim === id);
  if (preset && ["holds", "tight", "outside", "hypotheses_not_met"].includes(found.verdict))
    card.querySelector(".words").append(" ", element("a", { href: `#preset=${id}` }, "Show where it fails"));
}

/** Go to a claim without giving up the state in the address. */
function goTo(event) {
  const card = document.getElementById(event.currentTarget.hash.slice(1));
  event.preventDefault();
  card.scrollIntoView({ block: "center" });
  card.focus({ preventScroll: true });
}

function summaryParts(numbers) {
  const found = Object.entries(numbers.claims);
  const applying = found.filter(([, { verdict }]) => !["outside", "hypotheses_not_met", "nonfinite"].includes(verdict));
  const failing = applying.filter(([, { verdict }]) => verdict === "violated").map(([id]) => id);
  const gain = -numbers.riskDifference, d = numbers.disagreement.forward;
  const change = gain === 0 ? "The student is as good as its teacher" : `The student is ${gain > 0 ? "better" : "worse"} than its teacher by ${readable(Math.abs(gain), 3)} nats`;
  const start = `${change}; they disagree by ${readable(d, 3)} nats. ${applying.length} of ${found.length} claims apply here; `;
  return { start, failing };
}

function showSummary(numbers) {
  const { start, failing } = summaryParts(numbers);
  page.summary.replaceChildren(start);
  if (!failing.length) {
    page.summary.append(element("b", { class: "good" }, "no violation here"), ".");
    return;
  }
  page.summary.append(element("b", { class: "bad" }, failing.length === 1 ? "1 fails" : `${failing.length} fail`), ": ");
  failing.forEach((id, n) => {
    const link = element("a", { href: `#${id}` }, element("code", {}, id));
    link.addEventListener("click", goTo);
    page.summary.append(n ? ", " : "", link);
  });
  page.summary.append(failing.some((id) => CATALOGUE[id].proved) ? "." : " (refuted in the theory notes).");
}

function showNumbers(numbers) {
  const { disagreement: d, risk, reverseRisk, instance: i } = numbers, gain = -numbers.riskDifference;
  const rows = [
    ["disagreement, forward d(weak, strong)", d.forward],
    ["disagreement, reverse d(strong, weak)", d.reverse],
    ["total variation", numbers.totalVariation],
    ["risk of the teacher", risk.weak],
    ["risk of the student", risk.strong],
    ["gain: teacher’s risk less student’s", gain],
    ["gain less forward misfit", gain - d.forward],
    ["gain less reverse misfit", gain - d.reverse],
    ["reverse risk of the teacher", reverseRisk.weak],
    ["reverse risk of the student", reverseRisk.strong],
    ["floor γ of both models", i.floor],
  ];
  page.numbers.replaceChildren(
    ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, readable(value))]),
    element("dt", {}, "student’s log-loss less teacher’s: all that the teacher’s log-loss allows"),
    element("dd", {}, [numbers.labelFree.lower, numbers.labelFree.upper].map((end) => readableDifference(end, 4, 3)).join(" to ")),
  );
}

const NOTIONS = { score: "the score of each class (marginal)", common: "what the teacher sees (its equal rows)", row: "the whole row", top: "the largest score (top label)", binned: "15 bins of equal width, each class", smooth: "smooth (two classes)" };

function showCalibration(numbers) {
  const { weak, strong } = numbers.calibration;
  page.calibration.replaceChildren(
    ...Object.entries(NOTIONS)
      .filter(([notion]) => weak[notion] !== null)
      .map(([notion, name]) => {
        const values = [weak[notion], strong[notion], Math.abs(strong[notion] - weak[notion])];
        return element("tr", {}, element("th", { scope: "row" }, name), ...values.map((v) => element("td", {}, readableDifference(v, 2))));
      }),
  );
  const { reliability, refinement } = numbers.decomposition;
  document.getElementById("decomposition").textContent =
    `Of the student’s risk, ${readable(reliability, 3)} nats are miscalibration of its whole row (reliability) and ` +
    `${readable(refinement, 3)} nats what it cannot tell apart (refinement).`;
  document.getElementById("calibration-bounds").innerHTML =
    "Bounds on the change, where they apply: <math><mn>2</mn><msqrt><mrow><mn>1</mn><mo>−</mo><msup><mi>e</mi><mrow><mo>−</mo><mi>d</mi></mrow></msup></mrow></msqrt></math> = " +
    `${readable(2 * numbers.bounds.bretagnolleHuber)}, and sharp, <math><mn>2</mn><msup><mi>V</mi><mo>∗</mo></msup><mo>(</mo><mi>d</mi><mo>)</mo></math> = ${readable(2 * numbers.bounds.sharpPinsker)}.`;
}

function showBand(numbers) {
  page.band.replaceChildren(...bandDrawing(numbers));
  const { risk, envelopes } = numbers;
  const low = Math.max(0, risk.weak + envelopes.instance.lower.change), high = risk.weak + envelopes.instance.upper.change;
  const widest = [Math.max(0, risk.weak - envelopes.uniform.lower), risk.weak + envelopes.uniform.upper];
  document.getElementById("band-words").textContent =
    `At most so far from this teacher, students have risks from ${readableDifference(low, risk.weak, 3)} to ${readable(high, 3)}; ` +
    `knowing only the floor, from ${readableDifference(widest[0], risk.weak, 3)} to ${readable(widest[1], 3)}. This one has ${readable(risk.strong, 3)}.`;
}

function showMarks() {
  page.marks.replaceChildren(
    ...ROLES.map((role) => {
      const item = element("li", { class: role });
      item.innerHTML = `<span class="who"><span class="symbol">${SYMBOLS[role]}</span> ${NAMES[role]} ${MATHS[role]}</span>`;
      item.append(element("span", { class: "value" }, state[role].map((p) => readable(p, 4)).join(", ")));
      return item;
    }),
  );
}

/** Everything on the page follows from the state. */
function show() {
  waiting = false;
  const numbers = evaluateState(state);
  const pair = state.kind === "pair";
  for (const input of document.getElementsByName("kind")) input.checked = input.value === state.kind;
  document.getElementById("weight-row").hidden = document.getElementById("diagonal-note").hidden = !pair;
  if (pair) page.weight.value = state.weight;
  document.getElementById("weight-value").textContent = pair ? readable(state.weight) : "";
  page.board.querySelector(".layer").replaceChildren(...boardLayer(numbers));
  placeMarks(state);
  showMarks();
  showBand(numbers);
  showNumbers(numbers);
  showSummary(numbers);
  showCalibration(numbers);
  for (const [id, found] of Object.entries(numbers.claims)) showClaim(id, found);
}

// What changes the state --------------------------------------------------------------------------------------------------

/** Write the state into the address; a page without an address of its own keeps it to itself. */
function save() {
  try {
    history.replaceState(null, "", fragmentOf(state));
  } catch (error) {
    if (error.name !== "SecurityError") throw error;
  }
}

/** Show the state soon, and write it into the address. */
function changed() {
  if (!waiting) requestAnimationFrame(show);
  waiting = true;
  clearTimeout(saving);
  saving = setTimeout(save, 150);
}

/** Say what has come of a change that was made by keys, once they rest. */
function speak(role) {
  clearTimeout(speaking);
  speaking = setTimeout(() => {
    const { start, failing } = summaryParts(evaluateState(state));
    const fails = failing.length ? `these fail: ${failing.join(", ")}` : "no violation here";
    page.said.textContent = `${NAMES[role]}: ${spoken(state, role)}. ${start}${fails}.`;
  }, 500);
}

function enter(next, problem = null, lesson = null) {
  const fresh = next.kind !== state.kind || !page.board.firstChild;
  state = next;
  page.notice.hidden = !problem;
  page.notice.textContent = problem ?? "";
  page.lesson.hidden = !lesson;
  page.lesson.replaceChildren(...(lesson ?? []));
  if (fresh) page.board.replaceChildren(...boardGround(state.kind), drawn("g", { class: "layer" }), ...boardMarks());
  show();
}

function moved(role, point) {
  state = { ...state, [role]: allowed(state.kind, role, point) };
  page.lesson.hidden = page.notice.hidden = true;
  page.preset.value = "";
  changed();
}

function enterPreset(preset) {
  enter(structuredClone(preset.state), null, [element("code", {}, preset.claim), ` fails. ${preset.lesson}`]);
  page.preset.value = preset.claim;
}

function boardPlace(event) {
  const box = page.board.getBoundingClientRect(), view = page.board.viewBox.baseVal;
  return [((event.clientX - box.left) * view.width) / box.width, ((event.clientY - box.top) * view.height) / box.height];
}

const SNAP = 0.012;

function startDrag(event) {
  const [x, y] = boardPlace(event);
  const scale = page.board.viewBox.baseVal.width / page.board.getBoundingClientRect().width;
  const focused = document.activeElement?.id?.replace("mark-", "");
  const near = ROLES.map((role) => {
    const [mx, my] = toBoard(state.kind, state[role]);
    return { role, mx, my, far: Math.hypot(mx - x, my - y) };
  }).filter(({ far }) => far <= Math.max(18, 24 * scale));
  near.sort((a, b) => (a.role === focused ? -1 : b.role === focused ? 1 : a.far - b.far));
  if (!near.length) return;
  const { role, mx, my } = near[0], offset = [mx - x, my - y];
  event.preventDefault();
  document.getElementById(`mark-${role}`).focus({ preventScroll: true });
  page.board.setPointerCapture(event.pointerId);
  const drag = (next) => {
    const at = boardPlace(next).map((v, axis) => v + offset[axis]);
    let point = fromBoard(state.kind, at);
    if (state.kind === "pair" && Math.abs(point[0] - point[1]) < SNAP) point = [0, 1].map(() => (point[0] + point[1]) / 2);
    moved(role, point);
  };
  const stop = () => {
    page.board.removeEventListener("pointermove", drag);
    for (const name of ["pointerup", "pointercancel"]) page.board.removeEventListener(name, stop);
  };
  page.board.addEventListener("pointermove", drag);
  for (const name of ["pointerup", "pointercancel"]) page.board.addEventListener(name, stop);
}

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function keyed(event) {
  const mark = event.target.closest?.(".mark"), direction = DIRECTIONS[event.key];
  if (!mark || !direction || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const role = mark.id.replace("mark-", ""), [right, up] = direction, step = event.shiftKey ? 0.002 : 0.02;
  const point = state[role];
  if (state.kind === "pair") moved(role, [point[0] + (step * right) / 2, point[1] + (step * up) / 2]);
  else moved(role, [point[0] - step * right - (step * up) / 2, point[1] + step * right - (step * up) / 2, point[2] + step * up]);
  speak(role);
}

function fromAddress() {
  const card = document.getElementById(location.hash.slice(1));
  if (card?.classList.contains("claim")) {
    if (!page.board.firstChild) enter(startOf("simplex"));
    card.scrollIntoView();
    return;
  }
  const { state: next, problem } = readFragment(location.hash);
  const preset = DECLARED.presets.find((one) => location.hash === `#preset=${one.claim}`);
  if (preset) enterPreset(preset);
  else {
    page.preset.value = "";
    enter(next, problem);
  }
}

async function copyLink() {
  save();
  const button = document.getElementById("copy");
  try {
    await navigator.clipboard.writeText(location.href);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Copy it from the address bar";
  }
  setTimeout(() => (button.textContent = "Copy link"), 2500);
}

for (const input of document.getElementsByName("kind"))
  input.addEventListener("change", () => {
    page.preset.value = "";
    enter(startOf(input.value));
    changed();
  });
page.preset.addEventListener("change", () => {
  const preset = DECLARED.presets.find((one) => one.claim === page.preset.value);
  if (preset) enterPreset(preset);
  else enter(startOf(state.kind));
  changed();
});
document.getElementById("again").addEventListener("click", () => {
  page.preset.value = "";
  enter(startOf(state.kind));
  changed();
});
document.getElementById("copy").addEventListener("click", copyLink);
page.weight.addEventListener("input", () => {
  state = { ...state, weight: Number(page.weight.value) };
  page.lesson.hidden = page.notice.hidden = true;
  page.preset.value = "";
  changed();
});
page.only.addEventListener("change", () => document.body.classList.toggle("only-applying", page.only.checked));
page.board.addEventListener("pointerdown", startDrag);
page.board.addEventListener("keydown", keyed);
addEventListener("hashchange", () => {
  fromAddress();
  if (location.hash.startsWith("#preset=")) document.querySelector(".controls").scrollIntoView({ block: "start" });
});
fromAddress();
