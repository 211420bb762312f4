// Divergences, risks, envelopes and calibration errors of an instance: weights (m), truth, weak, strong (m × k).

function range(count) {
  return Array.from({ length: count }, (_, j) => j);
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

/** E_x Σ_i term(i, row number). */
function expected(i, term) {
  return sum(i.weights.map((w, x) => w * sum(range(i.classes).map((c) => term(x, c)))));
}

/** d_P(g, h) = E Σ g log(g/h) − g + h. */
function divergence(i, g, h) {
  return expected(i, (x, c) => klTerm(g[x][c], h[x][c]));
}

/** E ‖g − h‖², which is the squared loss and the Gaussian KL divergence at σ² = ½. */
function squaredDistance(i, g, h) {
  return expected(i, (x, c) => (g[x][c] - h[x][c]) ** 2);
}

/** One summand of ΔL, free of cancellation where truth agrees with either model. */
function riskDifferenceTerm(truth, weak, strong) {
  if (!(truth > 0)) return strong - weak;
  const step = (weak - strong) / strong, ratio = logRatio(weak, strong);
  if (Math.abs(step) < 0.5) return (truth - strong) * ratio - strong * excessOverLog(step);
  return truth * ratio + strong - weak;
}

/** ΔL = L(F_sw) − L(F_w) as one sum, and the sum of the absolute values of its terms. */
function riskChange(i) {
  const term = (x, c) => riskDifferenceTerm(i.truth[x][c], i.weak[x][c], i.strong[x][c]);
  return { gap: expected(i, term), size: expected(i, (x, c) => Math.abs(term(x, c))) };
}

/** The lines through weak model and truth on which the best and the worst student lie. */
function envelopeLines(i) {
  const error = i.weak.map((row, x) => row.map((w, c) => (i.truth[x][c] - w) / w));
  const largest = Math.max(...error.flat());
  const exact = !(largest > 0);
  return {
    error,
    exact,
    best: {
      rho: error.map((row) => row.map((e) => -e)),
      complement: i.truth.map((row, x) => row.map((t, c) => t / i.weak[x][c])),
    },
    worst: {
      rho: error.map((row) => row.map((e) => e / largest)),
      complement: error.map((row) => row.map((e) => (largest - e) / largest)),
    },
  };
}

function sigmoid(u) {
  return u >= 0 ? 1 / (1 + Math.exp(-u)) : Math.exp(u) / (1 + Math.exp(u));
}

/** Disagreement and ΔL of the student F_w (1 − ρ σ(u)). */
function onTheLine(i, lines, line, u) {
  const softplus = Math.max(u, 0) + Math.log1p(Math.exp(-Math.abs(u)));
  let distance = 0, change = 0;
  i.weights.forEach((weight, x) => {
    for (let c = 0; c < i.classes; c++) {
      const rho = line.rho[x][c], complement = line.complement[x][c];
      const mass = weight * i.weak[x][c], error = lines.error[x][c];
      const r = -rho * sigmoid(u);
      if (Math.abs(r) < 0.5) {
        const excess = excessOverLog(r);
        distance += mass * excess;
        change += mass * (excess - error * (r - excess));
        continue;
      }
      const ratio = r > 0 ? 1 + r : complement + rho * sigmoid(-u);
      const log = complement === 0 ? -softplus : Math.log(ratio);
      distance += mass * (r - log);
      change += mass * (r - (i.truth[x][c] / i.weak[x][c]) * log);
    }
  });
  return { distance, change };
}

const ARC = [-7.3, 80];

/** The range of ΔL over all students at most `allowed` from the weak model, and the two extreme students. */
function instanceEnvelope(i, allowed) {
  const lines = envelopeLines(i);
  const still = { change: 0, student: i.weak };
  if (!(allowed > 0)) return { lower: still, upper: still };
  if (lines.exact) return { lower: still, upper: { change: allowed, student: null } };
  const student = (line, share) =>
    i.weak.map((row, x) => row.map((w, c) => w * Math.max(0, 1 - line.rho[x][c] * share)));
  const extreme = (line, beyond) => {
    const end = onTheLine(i, lines, line, Math.sinh(ARC[1]));
    if (allowed >= end.distance) return { change: beyond ?? end.change, student: student(line, 1) };
    const place = (v) => onTheLine(i, lines, line, Math.sinh(v));
    const arc = increasingRoot((v) => Math.log(place(v).distance / allowed), ...ARC);
    return { change: place(arc).change, student: student(line, sigmoid(Math.sinh(arc))) };
  };
  return { lower: extreme(lines.best), upper: extreme(lines.worst, Infinity) };
}

/** min over λ of Σ_x w_x max_i (gain + λ·slope): convex and piecewise linear, so at a kink. */
function dualMinimum(i, gain, slope) {
  const kinks = [0];
  const parallel = 1e-13 * Math.max(...slope.flat().map(Math.abs));
  i.weights.forEach((_, x) => {
    for (let a = 0; a < i.classes; a++)
      for (let b = 0; b < a; b++) {
        const turn = slope[x][a] - slope[x][b];
        if (Math.abs(turn) > parallel) kinks.push((gain[x][b] - gain[x][a]) / turn);
      }
  });
  const value = (at) => sum(i.weights.map((w, x) => w * Math.max(...gain[x].map((g, c) => g + at * slope[x][c]))));
  return kinks.reduce((best, at) => {
    const now = value(at);
    const nearer = now === best.value && Math.abs(at) < Math.abs(best.at);
    return now < best.value || nearer ? { value: now, at } : best;
  }, { value: Infinity, at: 0 });
}

/** The range of the difference of log-losses over all truths that give the weak model its log-loss. */
function labelFreeChange(i) {
  const even = 1 / i.classes;
  const excess = expected(i, (x, c) => (i.truth[x][c] > 0 ? i.truth[x][c] * logRatio(even, i.weak[x][c]) : 0));
  const slope = i.weak.map((row) => row.map((w) => logRatio(w, even) + excess));
  const gain = i.weak.map((row, x) => row.map((w, c) => logRatio(w, i.strong[x][c])));
  const above = dualMinimum(i, gain, slope);
  const below = dualMinimum(i, gain.map((row) => row.map((g) => -g)), slope);
  return { upper: above.value, lower: -below.value, upperMultiplier: above.at, lowerMultiplier: -below.at };
}

/** Sums of values over cells of equal keys, in order of first appearance. */
function cellSums(keys, values) {
  const cells = new Map();
  keys.forEach((key, x) => cells.set(key, (cells.get(key) ?? 0) + values[x]));
  return [...cells.values()];
}

function rowKeys(table) {
  return table.map((row) => row.join(" "));
}

/** Σ_i Σ_cells |Σ_x w (F_i − F*_i)|, the cells being those of equal `keys(class)`. */
function surplusByCells(i, model, keys) {
  return sum(
    range(i.classes).map((c) => {
      const surplus = i.weights.map((w, x) => w * (model[x][c] - i.truth[x][c]));
      return sum(cellSums(keys(c), surplus).map(Math.abs));
    }),
  );
}

function bin(score, bins) {
  return range(bins - 1).filter((j) => (j + 1) / bins < score).length;
}

/** The smooth calibration error of one or two inputs and two classes: a linear programme solved by hand. */
function smoothError(i, model) {
  const surplus = i.weights.map((w, x) => w * (i.truth[x][1] - model[x][1]));
  const total = sum(surplus.map(Math.abs));
  if (surplus.length < 2 || surplus[0] * surplus[1] >= 0) return total;
  const gap = Math.abs(model[0][1] - model[1][1]);
  const [small, large] = surplus.map(Math.abs).sort((a, b) => a - b);
  return large - small + small * gap;
}

/** Every calibration error of a model, by what it is conditioned on. */
function calibrationErrors(i, model) {
  const top = model.map((row) => row.indexOf(Math.max(...row)));
  const confidence = model.map((row, x) => row[top[x]]);
  const off = i.weights.map((w, x) => w * (confidence[x] - i.truth[x][top[x]]));
  return {
    score: surplusByCells(i, model, (c) => model.map((row) => row[c])),
    common: surplusByCells(i, model, () => rowKeys(i.weak)),
    row: surplusByCells(i, model, () => rowKeys(model)),
    top: sum(cellSums(confidence, off).map(Math.abs)),
    binned: surplusByCells(i, model, (c) => model.map((row) => bin(row[c], 15))),
    smooth: i.classes === 2 ? smoothError(i, model) : null,
  };
}

/** C = E[F* | the whole row of the student] at every input. */
function truthGivenRow(i) {
  const keys = rowKeys(i.strong);
  return keys.map((key) => {
    const cell = range(keys.length).filter((x) => keys[x] === key);
    const mass = sum(cell.map((x) => i.weights[x]));
    return range(i.classes).map((c) => sum(cell.map((x) => i.weights[x] * i.truth[x][c])) / mass);
  });
}
