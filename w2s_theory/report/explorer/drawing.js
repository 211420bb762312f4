// Drawings: the board with its three marks, and the risks that a student so far away can have.

const NAMES = { truth: "truth", weak: "weak teacher", strong: "strong student" };
const SHORT_NAMES = { truth: "truth", weak: "teacher", strong: "student" };
const CLASSES = ["A", "B", "C"];

/** An SVG element with attributes. */
function drawn(name, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

/** A number for reading: four digits, a real minus sign, powers of ten where they help. */
function readable(value, digits = 4) {
  if (value === null || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e5) return String(Number(value.toPrecision(digits))).replace("-", "−");
  const [mantissa, exponent] = value.toExponential(digits - 2).split("e");
  const raised = [...exponent.replace("+", "")].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)])).join("");
  return `${String(Number(mantissa)).replace("-", "−")}×10${raised}`;
}

/** The same, but nothing where only rounding is left of terms of this size. */
function readableDifference(value, scale, digits = 4) {
  return readable(Math.abs(value) <= 8 * UNIT_ROUNDOFF * scale ? 0 : value, digits);
}

const TRIANGLE = [[26, 286], [334, 286], [180, 19.3]];
const SQUARE = { left: 52, top: 22, side: 256 };

/** Where a point of the state is on the board, and back. */
function toBoard(kind, point) {
  if (kind === "pair") return [SQUARE.left + SQUARE.side * point[0], SQUARE.top + SQUARE.side * (1 - point[1])];
  return [0, 1].map((axis) => sum(point.map((p, c) => p * TRIANGLE[c][axis])));
}

function fromBoard(kind, [x, y]) {
  if (kind === "pair") return [(x - SQUARE.left) / SQUARE.side, 1 - (y - SQUARE.top) / SQUARE.side];
  const [[ax, ay], [bx], [, cy]] = TRIANGLE;
  const third = (ay - y) / (ay - cy);
  const second = (x - ax) / (bx - ax) - third / 2;
  return [1 - second - third, second, third];
}

function boardGround(kind) {
  const made = [];
  const line = (from, to, style) => made.push(drawn("path", { d: `M${from}L${to}`, class: style }));
  const label = (x, y, text, anchor = "middle") =>
    made.push(drawn("text", { x, y, "text-anchor": anchor, class: "soft" }, text));
  if (kind === "simplex") {
    made.push(drawn("path", { d: `M${TRIANGLE.join("L")}Z`, class: "ground" }));
    for (const share of [0.2, 0.4, 0.6, 0.8])
      for (const c of range(3)) {
        const ends = [1, 2].map((other) => range(3).map((b) => (b === c ? share : b === (c + other) % 3 ? 1 - share : 0)));
        line(toBoard(kind, ends[0]), toBoard(kind, ends[1]), "grid");
      }
    label(26, 306, "only class A", "start");
    label(334, 306, "only class B", "end");
    label(180, 12, "only class C");
    return made;
  }
  const { left, top, side } = SQUARE;
  made.push(drawn("rect", { x: left, y: top, width: side, height: side, class: "ground" }));
  for (const share of range(6).map((n) => n / 5)) {
    line([left + share * side, top], [left + share * side, top + side], "grid");
    line([left, top + share * side], [left + side, top + share * side], "grid");
    label(left + share * side, top + side + 15, String(share));
    label(left - 7, top + side * (1 - share) + 4, String(share), "end");
  }
  line([left, top + side], [left + side, top], "grid strong-grid");
  label(left + side / 2, top + side + 33, "probability of class 1 at input 1");
  const turned = drawn("text", { transform: `translate(14 ${top + side / 2}) rotate(-90)`, "text-anchor": "middle", class: "soft" });
  turned.textContent = "probability of class 1 at input 2";
  return [...made, turned];
}

/** Rows (m × k) as a point of the board. */
function pointOf(kind, table) {
  return kind === "simplex" ? table[0] : table.map((row) => row[1]);
}

/** All students whose disagreement with the teacher is d: on every ray the place where it is reached. */
function equalDisagreement(i, d) {
  if (!(d > 0)) return "";
  const weak = pointOf(i.kind, i.weak);
  const [x, y] = toBoard(i.kind, weak);
  const distance = (point) => divergence(i, i.weak, i.kind === "simplex" ? [point] : point.map((p) => [1 - p, p]));
  const places = range(240).map((n) => {
    const angle = (n * Math.PI) / 120;
    const far = fromBoard(i.kind, [x + 100 * Math.cos(angle), y + 100 * Math.sin(angle)]);
    const step = far.map((p, c) => p - weak[c]);
    const reach = Math.min(...step.map((s, c) => (s < 0 ? weak[c] / -s : i.kind === "pair" && s > 0 ? (1 - weak[c]) / s : Infinity)));
    let inside = 0, outside = reach;
    for (let halving = 0; halving < 40; halving++) {
      const middle = (inside + outside) / 2;
      if (distance(weak.map((p, c) => Math.max(0, p + middle * step[c]))) < d) inside = middle;
      else outside = middle;
    }
    return toBoard(i.kind, weak.map((p, c) => p + inside * step[c])).map((v) => v.toFixed(1));
  });
  return `M${places.join("L")}Z`;
}

/** What moves on the board besides the marks. */
function boardLayer(numbers) {
  const { instance: i, envelopes } = numbers, kind = i.kind;
  const made = [drawn("path", { d: equalDisagreement(i, numbers.disagreement.forward), class: "ring" })];
  const ends = [envelopes.instance.upper.student, envelopes.instance.lower.student].map(
    (table) => table && toBoard(kind, pointOf(kind, table)),
  );
  const teacher = toBoard(kind, pointOf(kind, i.weak));
  for (const end of ends.filter(Boolean)) made.push(drawn("path", { d: `M${teacher}L${end}`, class: "through" }));
  for (const end of ends.filter(Boolean)) made.push(drawn("circle", { cx: end[0], cy: end[1], r: 4, class: "extreme" }));
  return made;
}

const SHAPES = { truth: "M0,-10 10,0 0,10 -10,0Z", weak: "M-8,-8H8V8H-8Z", strong: "M-8.5,0a8.5,8.5 0 1 0 17,0a8.5,8.5 0 1 0 -17,0Z" };

/** The three marks, to be focused and moved. */
function boardMarks() {
  return ROLES.map((role) => {
    const mark = drawn("g", { class: `mark ${role}`, tabindex: 0, role: "slider", id: `mark-${role}` });
    mark.setAttribute("aria-label", NAMES[role]);
    mark.setAttribute("aria-valuemin", "0");
    mark.setAttribute("aria-valuemax", "1");
    mark.append(drawn("circle", { r: 22, class: "reach" }), drawn("circle", { r: 15, class: "halo" }));
    mark.append(drawn("path", { d: SHAPES[role], class: "shape" }), drawn("text", {}, SHORT_NAMES[role]));
    return mark;
  });
}

const LABEL_PLACES = [[0, -16, "middle"], [0, 25, "middle"], [17, 4, "start"], [-17, 4, "end"]];

/** Where a label can be put so that it is far from the other marks and labels, and on the board. */
function labelPlace([x, y], taken) {
  const room = LABEL_PLACES.map(([dx, dy, anchor]) => {
    const middle = [x + dx + (anchor === "start" ? 26 : anchor === "end" ? -26 : 0), y + dy - 4];
    const outside = middle[0] < 30 || middle[0] > 330 || middle[1] < 8 || middle[1] > 312;
    const nearest = Math.min(...taken.map(([tx, ty]) => Math.hypot((middle[0] - tx) / 2, middle[1] - ty)));
    return { place: [dx, dy, anchor], middle, room: outside ? -1 : Math.min(nearest, 24) };
  });
  return room.reduce((best, next) => (next.room > best.room ? next : best));
}

/** Put the marks where the state has them, with their labels and their values in words. */
function placeMarks(state) {
  const places = ROLES.map((role) => toBoard(state.kind, state[role]));
  const labels = [];
  ROLES.forEach((role, n) => {
    const mark = document.getElementById(`mark-${role}`);
    mark.setAttribute("transform", `translate(${places[n]})`);
    const { place, middle } = labelPlace(places[n], [...places.filter((_, other) => other !== n), ...labels]);
    labels.push(middle);
    const text = mark.querySelector("text");
    ["x", "y", "text-anchor"].forEach((name, part) => text.setAttribute(name, place[part]));
    mark.setAttribute("aria-valuetext", spoken(state, role));
    mark.setAttribute("aria-valuenow", state[role][0]);
  });
}

/** A point in words. */
function spoken(state, role) {
  const names = state.kind === "simplex" ? CLASSES.map((c) => `class ${c}`) : ["class 1 at input 1", "class 1 at input 2"];
  return state[role].map((p, n) => `${names[n]}: ${readable(p, 6)}`).join(", ");
}

const PLOT = { left: 58, right: 350, top: 26, bottom: 276 };

/** Round numbers from below `low` to above `high`, four to eight of them. */
function ticks(low, high) {
  const raw = (high - low) / 6, power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((one) => one * power >= raw);
  const first = Math.floor(low / step + 1e-9), last = Math.ceil(high / step - 1e-9);
  return range(last - first + 1).map((n) => Number(((first + n) * step).toPrecision(12)));
}

/** How far the student's risk can be from its teacher's, by their disagreement. */
function bandDrawing(numbers) {
  const { instance: i, risk, envelopes } = numbers, d = numbers.disagreement.forward;
  const across = ticks(0, Math.max(1.25 * d, 1e-6)), widest = across.at(-1);
  const at = range(61).map((n) => widest * (n / 60) ** 2);
  const own = at.map((value) => instanceEnvelope(i, value)), all = at.map((value) => uniformEnvelope(value, i.floor, i.classes));
  const least = (change) => Math.max(change, -risk.weak);
  const lowest = least(own.at(-1).lower.change);
  const enough = 2 * Math.max(all.at(-1).upper, numbers.riskDifference, -lowest);
  const highest = Math.min(own.at(-1).upper.change, enough);
  const room = 0.15 * (highest - lowest);
  const up = ticks(lowest - room / 3, highest + room);
  const x = (value) => PLOT.left + ((PLOT.right - PLOT.left) * value) / widest;
  const y = (value) => PLOT.bottom - ((PLOT.bottom - PLOT.top) * (value - up[0])) / (up.at(-1) - up[0]);
  const far = up.at(-1) + 4 * (up.at(-1) - up[0]);
  const curve = (values) => values.map((value, n) => `${x(at[n]).toFixed(1)},${y(Math.min(value, far)).toFixed(1)}`);
  const upper = curve(own.map((e) => e.upper.change)), lower = curve(own.map((e) => least(e.lower.change)));

  const frame = drawn("clipPath", { id: "frame" });
  frame.append(drawn("rect", { x: PLOT.left, y: PLOT.top, width: PLOT.right - PLOT.left, height: PLOT.bottom - PLOT.top }));
  const curves = drawn("g", { "clip-path": "url(#frame)" });
  const path = (style, d) => drawn("path", { d, class: style });
  curves.append(path("area", `M${upper.join("L")}L${[...lower].reverse().join("L")}Z`));
  for (const values of [all.map((e) => e.upper), all.map((e) => least(-e.lower))]) curves.append(path("bound", `M${curve(values).join("L")}`));
  for (const line of [upper, lower]) curves.append(path("envelope", `M${line.join("L")}`));
  curves.append(path("span", `M${x(d)},${y(Math.min(envelopes.instance.upper.change, far))}V${y(least(envelopes.instance.lower.change))}`));

  const made = [frame];
  for (const value of up) {
    made.push(path(value === 0 ? "level" : "grid", `M${PLOT.left},${y(value)}H${PLOT.right}`));
    made.push(drawn("text", { x: PLOT.left - 6, y: y(value) + 4, "text-anchor": "end", class: "soft" }, readable(value, 3)));
  }
  across.forEach((value, n) => {
    if (widest < 1e-2 && n % 2) return;
    const anchor = n === across.length - 1 ? "end" : "middle";
    made.push(drawn("text", { x: x(value), y: PLOT.bottom + 16, "text-anchor": anchor, class: "soft" }, readable(value, 3)));
  });
  made.push(curves);
  made.push(drawn("path", { d: SHAPES.weak, class: "shape weak", transform: `translate(${x(0)} ${y(0)}) scale(.7)` }));
  made.push(drawn("circle", { cx: x(d), cy: y(numbers.riskDifference), r: 6, class: "shape strong" }));
  const middle = (PLOT.left + PLOT.right) / 2;
  made.push(drawn("text", { x: middle, y: PLOT.bottom + 37, "text-anchor": "middle" }, "disagreement with the teacher, d(weak, strong)"));
  made.push(drawn("text", { x: 2, y: 12 }, "student’s risk less teacher’s: below 0 it is better"));
  return made;
}
