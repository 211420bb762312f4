"""What the tests do inside the page, and the links they open it with."""

MANGLED = (
    "#nonsense",
    "#kind=cube",
    "#kind=simplex",
    "#kind=simplex&truth=0.5,0.5,0.5&weak=0.2,0.3,0.5&strong=0.2,0.3,0.5",
    "#kind=simplex&truth=0.5,0.5&weak=0.2,0.3,0.5&strong=0.2,0.3,0.5",
    "#kind=simplex&truth=0.5,0.5,0&weak=0.5,0.5,0&strong=0.2,0.3,0.5",
    "#kind=simplex&truth=1.5,-0.5,0&weak=0.2,0.3,0.5&strong=0.2,0.3,0.5",
    "#kind=simplex&truth=NaN,0.5,0.5&weak=0.2,0.3,0.5&strong=0.2,0.3,0.5",
    "#kind=pair&weight=2&truth=0.1,0.9&weak=0.5,0.5&strong=0.5,0.5",
    "#kind=pair&weight=1e999&truth=0.1,0.9&weak=0.5,0.5&strong=0.5,0.5",
    "#kind=pair&weight=0.5&truth=0.1,0.9&weak=0.5,1&strong=0.5,0.5",
    "#kind=pair&weight=0.5&truth=0.1,0.9&weak=0.5,0.5&strong=0.5,0.5&extra=1",
    "#kind=pair&kind=pair&weight=0.5&truth=0.1,0.9&weak=0.5,0.5&strong=0.5,0.5",
    "#kind=<img src=x onerror=alert(1)>",
    "#preset=gain-of-nothing",
    "#%E0%A4%A",
    "#kind=toString&truth=1&weak=1&strong=1",
)

PROBE = """
const STATES = __STATES__, MANGLED = __MANGLED__;
const rest = (ms) => new Promise((done) => setTimeout(done, ms));
window.requestAnimationFrame = (draw) => setTimeout(draw, 10);  // a page that is dumped draws no frames
const violated = () => [...document.querySelectorAll('.claim[data-verdict="violated"]')].map((card) => card.id);
async function probe() {
  const said = {answers: STATES.map(evaluateState)};
  said.again = STATES.map((one) => readFragment(fragmentOf(one)));
  said.mangled = MANGLED.map((text) => readFragment(text));
  said.begin = {hidden: page.notice.hidden, violated: violated()};

  said.presets = {};
  for (const option of [...page.preset.options].filter((one) => one.value)) {
    page.preset.value = option.value;
    page.preset.dispatchEvent(new Event("change"));
    await rest(300);
    said.presets[option.value] = {violated: violated(), summary: page.summary.textContent,
      lesson: page.lesson.textContent, saved: readFragment(location.hash).state};
  }

  said.opened = [];
  for (const text of ["#kind=cube", "#preset=calibration-binned", "#kind=<img src=x>", ""]) {
    location.hash = text;
    await rest(300);
    said.opened.push({text, hidden: page.notice.hidden, shown: page.notice.getBoundingClientRect().height,
      notice: page.notice.textContent, state: state, violated: violated(), images: document.images.length});
  }

  said.keys = [];
  for (const kind of ["simplex", "pair"]) {
    document.querySelector(`[name=kind][value=${kind}]`).click();
    for (const role of ROLES) {
      const mark = document.getElementById(`mark-${role}`);
      mark.focus();
      const now = () => ({words: mark.getAttribute("aria-valuetext"), at: mark.getAttribute("transform"),
        point: state[role]});
      for (const [key, shiftKey] of [["ArrowRight", 0], ["ArrowUp", 1], ["ArrowLeft", 0], ["Enter", 0]]) {
        const before = now();
        const event = new KeyboardEvent("keydown", {key, shiftKey, bubbles: true, cancelable: true});
        mark.dispatchEvent(event);
        await rest(60);
        said.keys.push({kind, role, key, shiftKey, before, prevented: event.defaultPrevented,
          focused: document.activeElement === mark, label: mark.getAttribute("aria-label"),
          after: now()});
      }
    }
    await rest(800);
    said[kind + " spoken"] = page.said.textContent;
    said[kind + " saved"] = readFragment(location.hash).state;
    said[kind + " state"] = state;
  }

  page.board.setPointerCapture = () => {};
  const pointer = (name, [x, y]) => {
    const box = page.board.getBoundingClientRect(), view = page.board.viewBox.baseVal;
    const place = {clientX: box.left + x * box.width / view.width, clientY: box.top + y * box.height / view.height};
    page.board.dispatchEvent(new PointerEvent(name, {pointerId: 1, bubbles: true, cancelable: true, ...place}));
  };
  said.dragged = [];
  for (const to of [[0.2, 0.7, 0.1], [2, -1, 0], [0.25, 0.75], [0.4, 0.406]]) {
    const kind = to.length === 3 ? "simplex" : "pair";
    document.querySelector(`[name=kind][value=${kind}]`).click();
    document.getElementById("again").click();
    const start = toBoard(kind, state.strong);
    pointer("pointerdown", start);
    pointer("pointermove", toBoard(kind, to));
    pointer("pointerup", toBoard(kind, to));
    pointer("pointermove", start);
    await rest(60);
    said.dragged.push(state.strong);
  }
  return said;
}
"""

LAYOUT = """
async function probe() {
  const said = [];
  for (const text of ["", "#preset=calibration-score-conditional", "#preset=gain-forward-mixture-risk"]) {
    const {state: next} = readFragment(text);
    enter(next);
    moved("strong", state.strong);
    await new Promise((done) => setTimeout(done, 300));
    const board = page.board.getBoundingClientRect();
    said.push({width: innerWidth, page: document.documentElement.scrollWidth, board: board.width, right: board.right,
      loaded: performance.getEntriesByType("resource").map((e) => e.name),
      ink: getComputedStyle(document.body).color, paper: getComputedStyle(document.body).backgroundColor});
  }
  return said;
}"""

OPENED = """
async function probe() {
  const filled = [...document.querySelectorAll(".claim")].filter((card) => card.dataset.verdict).length;
  const said = {hidden: page.notice.hidden, violated: violated(), state, filled, hash: location.hash};
  const link = page.summary.querySelector("a");
  if (link) link.click();
  return {...said, after: location.hash, focused: document.activeElement.id};
}
const violated = () => [...document.querySelectorAll('.claim[data-verdict="violated"]')].map((card) => card.id);
"""
