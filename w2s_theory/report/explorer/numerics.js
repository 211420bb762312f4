// Numbers that keep their digits near equality: the forms of w2s_theory._numerics, in float64.

const UNIT_ROUNDOFF = 2 ** -53;
const SMALLEST_NORMAL = 2 ** -1022;

/** Σ_j s^(2j)/(2j+3) for s² ≤ 1/9, so that artanh s = s + s³ · this. */
function atanhTail(square) {
  let total = 1 / 33;
  for (let j = 14; j >= 0; j--) total = total * square + 1 / (2 * j + 3);
  return total;
}

/** log(a/b) for a, b ≥ 0, relatively accurate near a = b; 0/0 counts as one. */
function logRatio(a, b) {
  const total = a + b, s = (a - b) / (total > 0 ? total : 1);
  if (Math.abs(s) < 1 / 3) return 2 * s * (1 + s * s * atanhTail(s * s));
  return Math.log(a / b);
}

/** g log(g/h) − g + h ≥ 0, relatively accurate near g = h; the difference h − g may be known more accurately. */
function klTerm(g, h, difference = h - g) {
  const total = g + h, s = difference / (total > 0 ? total : 1);
  if (Math.abs(s) < 1 / 3) return s * (difference - 2 * g * s * s * atanhTail(s * s));
  return (g > 0 ? g * Math.log(g / h) : 0) + difference;
}

/** r − log(1 + r) ≥ 0 for r ≥ −1, relatively accurate near zero. */
function excessOverLog(r) {
  return klTerm(1, 1 + r, r);
}

/** The Taylor coefficients of (coth t − 1/t)/t in t², from t·coth t = cosh t / (sinh t / t). */
const LANGEVIN = (() => {
  const even = [1], odd = [1], quotient = [];
  for (let j = 1; j <= 14; j++) {
    even.push(even[j - 1] / ((2 * j - 1) * (2 * j)));
    odd.push(odd[j - 1] / (2 * j * (2 * j + 1)));
  }
  for (let j = 0; j <= 14; j++) {
    let rest = even[j];
    for (let i = 0; i < j; i++) rest -= quotient[i] * odd[j - i];
    quotient.push(rest);
  }
  return quotient.slice(1);
})();

/** coth t − 1/t for t ≥ 0, by its Taylor series below 0.6 and directly above. */
function langevin(t) {
  if (t >= 0.6) return 1 + 2 / Math.expm1(Math.min(2 * t, 700)) - 1 / t;
  return t * LANGEVIN.reduceRight((total, coefficient) => total * t * t + coefficient, 0);
}

/** The root of an increasing function in [low, high] by bisection down to neighbouring numbers. */
function increasingRoot(f, low, high) {
  for (;;) {
    const middle = low + (high - low) / 2;
    if (!(low < middle && middle < high)) return Math.abs(f(low)) < Math.abs(f(high)) ? low : high;
    if (f(middle) < 0) low = middle;
    else high = middle;
  }
}

/** The point {tv, kl} of the sharp lower curve of total variation and KL divergence at parameter t > 0. */
function sharpPinskerPoint(t) {
  const ell = langevin(t);
  const tail = t < 350 ? 1 / Math.expm1(2 * t) : 0;
  const oneMinus = t < 1 ? 1 - ell : 1 / t - 2 * tail;
  const q = 0.5 * oneMinus, tv = 0.5 * t * oneMinus * (1 + ell);
  return { tv, kl: klTerm(q + tv, q, -tv) + klTerm((1 + ell) * t * tail, 0.5 * (1 + ell), tv) };
}

/** V*(d): the largest total variation that a KL divergence of d allows. */
function sharpPinskerTv(d) {
  if (!(d > 0)) return d === 0 ? 0 : NaN;
  if (d >= 40) return 1;
  if (d < 1e6 * SMALLEST_NORMAL) return Math.sqrt(d / 2);
  const u = increasingRoot((v) => Math.log(sharpPinskerPoint(Math.exp(v)).kl / d), -355, 60);
  return sharpPinskerPoint(Math.exp(u)).tv;
}

/** √(1 − e^(−d)), the bound of Bretagnolle and Huber on the total variation. */
function bretagnolleHuber(d) {
  return Math.sqrt(-Math.expm1(-d));
}

/** C_γ = √(2(1−γ)/γ). */
function logRatioConstant(floor) {
  return Math.sqrt((2 * (1 - floor)) / floor);
}

/** kl₂(p, q) of the difference q − p. */
function binaryKl(p, q, difference) {
  return klTerm(p, q, difference) + klTerm(1 - p, 1 - q, -difference);
}

/** The largest rise log(a/γ) and fall log(b/γ) of a risk at disagreement d above the floor γ: ψ_up and ψ_lo. */
function uniformEnvelope(d, floor, classes) {
  const highest = Math.log((1 - (classes - 1) * floor) / floor);
  const solved = (divergence) => {
    if (!(highest > 0) || d === 0) return 0;
    if (d >= divergence(highest)) return highest;
    return Math.exp(increasingRoot((u) => Math.log(divergence(Math.exp(u)) / d), -345, Math.log(highest)));
  };
  const step = (rise) => floor * Math.expm1(rise);
  return {
    upper: solved((rise) => binaryKl(floor + step(rise), floor, -step(rise))),
    lower: solved((rise) => binaryKl(floor, floor + step(rise), step(rise))),
  };
}
