// Both sides of every claim that such an instance can be asked about, its error budget and its verdict.
// The declarations (statements, assumptions, domains) come with the page from the catalogue; here are formulas only.

const HYPOTHESIS_TOLERANCE = 1e-6;

function rounding(terms, scale) {
  return (terms + 32) * UNIT_ROUNDOFF * scale;
}

function tvMean(i) {
  return 0.5 * expected(i, (x, c) => Math.abs(i.weak[x][c] - i.strong[x][c]));
}

/** How far weights and rows are from summing to one, rounding included. */
function normalisationDefect(i) {
  const rows = [...i.truth, ...i.weak, ...i.strong].map((row) => Math.abs(sum(row) - 1));
  const weights = Math.abs(sum(i.weights) - 1) + i.weights.length * UNIT_ROUNDOFF;
  return weights + Math.max(...rows) + i.classes * UNIT_ROUNDOFF;
}

/** Minus the largest difference of truths that share a score, over both models and all classes. */
function scoreSufficiencyMargin(i) {
  let widest = 0;
  for (const model of [i.weak, i.strong])
    for (let c = 0; c < i.classes; c++)
      model.forEach((row, x) =>
        model.forEach((other, y) => {
          if (row[c] === other[c]) widest = Math.max(widest, i.truth[x][c] - i.truth[y][c]);
        }),
      );
  return -widest;
}

// Generalization -----------------------------------------------------------------------------------------------------

function generalizationClaims(i, q) {
  const { gap, size } = riskChange(i);
  const bounded = (bound) => ({ lhs: Math.abs(gap), rhs: bound, scale: size });
  const either = (range, scale) => ({ lhs: Math.abs(gap), rhs: gap >= 0 ? range.upper : range.lower, scale });
  const constant = logRatioConstant(i.floor);

  const counted = (x, c) => (i.truth[x][c] > 0 ? i.truth[x][c] * logRatio(i.weak[x][c], i.strong[x][c]) : 0);
  const lossGap = expected(i, counted);
  const multiplier = Math.abs(lossGap >= 0 ? q.labelFree.upperMultiplier : q.labelFree.lowerMultiplier);
  const levels = Math.max(...i.weak.flat().map((w) => Math.abs(logRatio(w, 1 / i.classes))));

  const root = (g, h) => Math.sqrt(squaredDistance(i, g, h) / 2) / Math.SQRT1_2;
  const weakRoot = root(i.truth, i.weak), strongRoot = root(i.truth, i.strong);

  const cross = (x, c) => (i.truth[x][c] - i.weak[x][c]) * logRatio(i.weak[x][c], i.strong[x][c]);
  const ends = q.envelopes.instance;
  return {
    "generalization-forward": bounded(constant * Math.sqrt(q.disagreement.forward)),
    "generalization-reverse": bounded(constant * Math.sqrt(q.disagreement.reverse)),
    "generalization-naive": bounded(Math.sqrt(q.disagreement.forward) / (i.floor * Math.SQRT2)),
    "generalization-uniform-envelope": either(q.envelopes.uniform, size),
    "generalization-instance-envelope": either(
      { upper: ends.upper.change, lower: -ends.lower.change },
      size + q.disagreement.forward,
    ),
    "generalization-label-free": {
      lhs: Math.abs(lossGap),
      rhs: lossGap >= 0 ? q.labelFree.upper : -q.labelFree.lower,
      scale: expected(i, (x, c) => Math.abs(counted(x, c))) + multiplier * levels,
    },
    "generalization-squared": {
      lhs: Math.abs(strongRoot - weakRoot),
      rhs: root(i.weak, i.strong),
      scale: weakRoot + strongRoot,
    },
    "risk-decomposition": {
      identity: true,
      lhs: gap,
      rhs: q.disagreement.forward + expected(i, cross),
      scale: size + expected(i, (x, c) => Math.abs(cross(x, c))),
    },
  };
}

// Calibration --------------------------------------------------------------------------------------------------------

function calibrationClaims(i, q) {
  const d = q.disagreement.forward;
  const paper = 2 * bretagnolleHuber(d), sharp = 2 * sharpPinskerTv(d);
  const { weak, strong } = q.calibration;
  const difference = (notion, bound) => ({ lhs: Math.abs(strong[notion] - weak[notion]), rhs: bound, scale: 2 });
  return {
    "calibration-score-sufficient": difference("score", paper),
    "calibration-common-conditioning": difference("common", paper),
    "calibration-smooth": difference("smooth", paper),
    "calibration-sharp": difference("score", sharp),
    "calibration-sharp-common": difference("common", sharp),
    "calibration-sharp-smooth": difference("smooth", sharp),
    "calibration-score-conditional": difference("score", paper),
    "calibration-binned": difference("binned", paper),
    "risk-controls-calibration": { lhs: strong.score, rhs: 2 * sharpPinskerTv(q.risk.strong), scale: 2 },
    "calibration-refinement": {
      identity: true,
      lhs: q.risk.strong,
      rhs: q.decomposition.reliability + q.decomposition.refinement,
      scale: 0,
    },
  };
}

// Gain ---------------------------------------------------------------------------------------------------------------
// The class of students is the smallest one that contains the truth and this student: the segment between them, of
// probabilities (mixture) or of logarithms (exponential).

const KL = {
  divergence,
  bySecond: (a, b) => 1 - a / b,
  byFirst: (a, b) => logRatio(a, b),
};

/** The slope of the training objective at the student f, per unit weight, against the teacher w. */
const SLOPES = {
  "forward mixture": (f, w) => -(w - f) / f,
  "reverse mixture": (f, w) => logRatio(f, w),
  "forward exponential": (f, w) => f - w,
  squared: (f, w) => 2 * f - 2 * w,
};

/** Frank–Wolfe gap of the student over its segment: zero if no step towards the truth lowers the objective. */
function gapOf(i, training) {
  const dual = training === "forward exponential";
  const place = (row, c) => (dual ? Math.log(row[c]) - sum(row.map(Math.log)) / row.length : row[c]);
  const away = (x, c) => place(i.strong[x], c) - place(i.truth[x], c);
  return Math.max(0, expected(i, (x, c) => SLOPES[training](i.strong[x][c], i.weak[x][c]) * away(x, c)));
}

/** The largest slope, by the student, of what a claim of the table leaves, times the student's possible error. */
function sensitivity(i, gap, judged, forward, byDisagreement) {
  if (gap === 0) return 0;
  const slopes = i.strong.flatMap((row, x) =>
    row.map((f, c) => {
      const risk = judged === "risk" ? KL.bySecond(i.truth[x][c], f) : KL.byFirst(f, i.truth[x][c]);
      const taken = forward ? KL.bySecond(i.weak[x][c], f) : KL.byFirst(f, i.weak[x][c]);
      return Math.abs(risk + (byDisagreement ? taken : 0));
    }),
  );
  return Math.sqrt(2 * gap) * Math.max(...slopes);
}

/** How far the student is from the best member of its segment by reverse KL, d(f, F_w) − d(f*, F_w). */
function shortfall(i) {
  const towards = i.strong.map((row, x) => row.map((f, c) => i.truth[x][c] - f));
  const at = (s) => i.strong.map((row, x) => row.map((f, c) => f + s * towards[x][c]));
  const slope = (table) => expected(i, (x, c) => logRatio(table[x][c], i.weak[x][c]) * towards[x][c]);
  if (!(slope(i.strong) < 0)) return 0;
  const best = at(increasingRoot((s) => slope(at(s)), 0, 1));
  const linear = (x, c) => logRatio(best[x][c], i.weak[x][c]) * (i.strong[x][c] - best[x][c]);
  return Math.max(0, divergence(i, i.strong, best) + expected(i, linear));
}

function tableClaims(i, q, gaps) {
  const made = {};
  for (const family of ["mixture", "exponential"])
    for (const trained of family === "mixture" ? ["forward", "reverse"] : ["forward"])
      for (const judged of ["risk", "reverse-risk"]) {
        const risks = judged === "risk" ? q.risk : q.reverseRisk;
        const training = `${trained} ${family}`;
        for (const byDisagreement of [true, false]) {
          const taken = byDisagreement ? q.disagreement[trained] : 0;
          const id = `${byDisagreement ? "gain" : "never-worse"}-${trained}-${family}-${judged}`;
          made[id] = {
            lhs: risks.strong,
            rhs: risks.weak - taken,
            scale: risks.weak + taken,
            optimal: gaps[training],
            declared: CATALOGUE[id].proved
              ? gaps[training]
              : sensitivity(i, gaps[training], judged, trained === "forward", byDisagreement),
          };
        }
      }
  return made;
}

function gainClaims(i, q, gaps) {
  const made = tableClaims(i, q, gaps);
  const simple = (student, teacher, taken, gap) => ({
    lhs: student,
    rhs: teacher - taken,
    scale: teacher + taken,
    optimal: gap,
    declared: gap,
  });
  const { weak, strong } = q.risk, reverse = gaps["reverse mixture"];
  const taken = q.disagreement.reverse;
  made["gain-bregman"] = simple(strong, weak, taken, reverse);
  made["gain-misspecified"] = simple(strong, weak, taken, reverse);
  const dual = gaps["forward exponential"];
  made["gain-bregman-dual"] = simple(q.reverseRisk.strong, q.reverseRisk.weak, q.disagreement.forward, dual);

  const squares = [[i.strong, i.truth], [i.weak, i.truth], [i.strong, i.weak]].map((pair) => squaredDistance(i, ...pair));
  const [own, reach, moved] = squares, terms = i.weights.length * i.classes;
  made["gain-squared"] = simple(own, reach, moved, gaps.squared);
  const left = Math.max(reach - moved, 0), room = gaps.squared + rounding(terms, reach + moved);
  made["gain-squared-misspecified"] = {
    lhs: Math.sqrt(own),
    rhs: Math.sqrt(left),
    scale: 0,
    optimal: gaps.squared,
    declared: Math.sqrt(left + room) - Math.sqrt(left),
  };

  const tau = shortfall(i);
  const penaltyAt = (t) => logRatioConstant(i.floor) * Math.sqrt(t) + t;
  const penalty = penaltyAt(tau);
  made["gain-suboptimal"] = {
    lhs: strong,
    rhs: weak - taken + penalty,
    scale: weak + taken + penalty,
    error: penaltyAt(tau + rounding(terms, tau)) - penalty,
  };
  return made;
}

// The verdict --------------------------------------------------------------------------------------------------------

const CLASS_ASSUMPTIONS = ["mixture_convex", "exponentially_convex", "realizable", "common_partition"];

/** Where the claim cannot be asked about this instance at all: a sentence, or null. */
function outsideDomain(id, i) {
  const entry = CATALOGUE[id];
  if (entry.outside[i.kind]) return entry.outside[i.kind];
  const zero = i.truth.flat().some((t) => !(t > 0));
  if (!zero) return null;
  if (entry.domain.includes("positive rows")) return "the truth has a zero, and the claim needs positive rows";
  if (entry.hypotheses.some((h) => h.name === "exponentially_convex"))
    return "the truth has a zero, which no class convex in logarithms contains";
  if (entry.hypotheses.some((h) => h.name === "floor") && entry.family === "gain")
    return "the truth has a zero, and the class, which contains it, needs a floor";
  return null;
}

function margins(entry, i, relation) {
  const made = {};
  for (const { name } of entry.hypotheses) {
    if (CLASS_ASSUMPTIONS.includes(name)) made[name] = { margin: 0, tolerance: 0 };
    else if (name === "optimal") made[name] = { margin: -relation.optimal, tolerance: HYPOTHESIS_TOLERANCE };
    else if (name === "score_sufficient")
      made[name] = { margin: scoreSufficiencyMargin(i), tolerance: 8 * UNIT_ROUNDOFF };
    else if (name === "floor") {
      const tables = entry.family === "gain" ? [i.weak, i.strong, i.truth] : [i.weak, i.strong];
      made[name] = { margin: Math.min(...tables.flat(2)) - i.floor, tolerance: 4 * UNIT_ROUNDOFF };
    } else throw new Error(`an assumption without a margin: ${name}`);
  }
  return made;
}

function judged(id, i, relation) {
  const entry = CATALOGUE[id];
  const outside = outsideDomain(id, i);
  if (outside) return { outside, verdict: "outside" };
  const known = margins(entry, i, relation);
  const failed = Object.keys(known).filter((name) => !(known[name].margin >= -known[name].tolerance));
  const { lhs, rhs } = relation;
  const magnitude = relation.scale + Math.abs(lhs) + Math.abs(rhs);
  const terms = i.weights.length * i.classes;
  let error = rounding(terms, magnitude) + normalisationDefect(i) * (2 + magnitude) + (relation.error ?? 0);
  if (!failed.length) error += relation.declared ?? 0;
  const slack = relation.identity ? -Math.abs(lhs - rhs) : rhs - lhs;
  let verdict = slack < -error ? "violated" : slack > error ? "holds" : "tight";
  if (!Number.isFinite(lhs) || !Number.isFinite(rhs)) verdict = "nonfinite";
  if (failed.length) verdict = "hypotheses_not_met";
  const named = Object.fromEntries(Object.entries(known).map(([name, { margin }]) => [name, margin]));
  return { lhs, rhs, scale: relation.scale, slack, error, identity: Boolean(relation.identity), margins: named, failed, verdict };
}

// The state ----------------------------------------------------------------------------------------------------------

/** The instance of a state: one input with three classes (`simplex`), or two inputs with two classes (`pair`). */
function instanceOf(state) {
  const rows = (point) => (state.kind === "simplex" ? [point] : point.map((p) => [1 - p, p]));
  const tables = Object.fromEntries(["truth", "weak", "strong"].map((role) => [role, rows(state[role])]));
  return {
    kind: state.kind,
    weights: state.kind === "simplex" ? [1] : [state.weight, 1 - state.weight],
    ...tables,
    classes: state.kind === "simplex" ? 3 : 2,
    floor: Math.min(...tables.weak.flat(), ...tables.strong.flat()),
  };
}

/** Every number of the page for a state, as plain data: it depends on nothing but its argument and the catalogue. */
function evaluateState(state) {
  const i = instanceOf(state);
  const q = {
    disagreement: { forward: divergence(i, i.weak, i.strong), reverse: divergence(i, i.strong, i.weak) },
    risk: { weak: divergence(i, i.truth, i.weak), strong: divergence(i, i.truth, i.strong) },
    reverseRisk: { weak: divergence(i, i.weak, i.truth), strong: divergence(i, i.strong, i.truth) },
    riskDifference: riskChange(i).gap,
    totalVariation: tvMean(i),
    calibration: { weak: calibrationErrors(i, i.weak), strong: calibrationErrors(i, i.strong) },
    labelFree: labelFreeChange(i),
  };
  const d = q.disagreement.forward, given = truthGivenRow(i);
  q.decomposition = { reliability: divergence(i, given, i.strong), refinement: divergence(i, i.truth, given) };
  q.envelopes = { uniform: uniformEnvelope(d, i.floor, i.classes), instance: instanceEnvelope(i, d) };
  q.bounds = {
    pinsker: Math.sqrt(d / 2),
    bretagnolleHuber: bretagnolleHuber(d),
    sharpPinsker: sharpPinskerTv(d),
  };
  const gaps = Object.fromEntries(Object.keys(SLOPES).map((training) => [training, gapOf(i, training)]));
  const relations = { ...generalizationClaims(i, q), ...calibrationClaims(i, q), ...gainClaims(i, q, gaps) };
  const claims = Object.fromEntries(Object.entries(relations).map(([id, r]) => [id, judged(id, i, r)]));
  return { instance: i, ...q, gaps, claims };
}
