// Fills the sections from the data.

const data = JSON.parse(document.getElementById("data").textContent);
const tableNamed = name => data.tables.find(table => table.name === name);
const part = (id, name) => document.querySelector(`#${id} .${name}`);
const distinct = values => [...new Set(values)];

// Several kinds are ordered by what a reader asks first.
function kindsOf(rows) {
  const rank = kind => ["anchor", "chunk"].indexOf(kind) < 0 ? 2 : ["anchor", "chunk"].indexOf(kind);
  return distinct(rows.map(row => row.span_kind)).sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

function setUpTheme() {
  const set = chosen => {
    const [theme] = chosen;
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try { localStorage.setItem("tugline-theme", theme); } catch { /* a page from a file may keep nothing */ }
  };
  let kept = "system";
  try { kept = localStorage.getItem("tugline-theme") ?? kept; } catch { /* likewise */ }
  if (!["system", "light", "dark"].includes(kept)) kept = "system";
  set([kept]);
  document.getElementById("theme").replaceWith(Object.assign(buttons("Theme", "radio", ["system", "light", "dark"], [kept], set), {id: "theme"}));
}

function setUpAnswers() {
  document.querySelector("#answers dl").append(...data.answers.flatMap(({question, sentences}) =>
    [element("dt", {}, question), ...sentences.map(sentence => element("dd", {}, sentence))]));
  document.querySelector("#warnings ul").append(...data.warnings.map(text => element("li", {}, text)));
  document.getElementById("warnings").hidden = !data.warnings.length;
  return data.answers.length > 0;
}

const MOST_BANDS = 3;  // that can be told apart

// The points of the curves, with those that a sweep with nodes left out; only these have an interpolation_error.
function curvePoints() {
  return [...records(tableNamed("curves")), ...records(tableNamed("interpolated"))].sort((a, b) => a.epsilon - b.epsilon);
}

function setUpCurves() {
  const table = tableNamed("curves");
  const points = curvePoints();
  if (!points.length) return false;
  const kinds = kindsOf(points);
  const layers = distinct(points.map(point => point.layer)).sort((a, b) => a - b);
  const state = {kind: kinds[0], axes: new Set(), bands: layers.length <= MOST_BANDS, layers: new Set(layers), domain: null};
  const colourOf = layer => colour(layers.indexOf(layer), layers.length);
  const zoomOut = element("button", {type: "button", onclick: () => { state.domain = null; draw(); }}, "Whole range");
  const draw = () => {
    zoomOut.disabled = !state.domain;
    const series = [];
    for (const layer of layers.filter(one => state.layers.has(one)))
      for (const isNull of [0, 1]) {
        const line = points.filter(point => point.span_kind === state.kind && point.layer === layer && point.null_direction === isNull);
        if (line.length) series.push({name: `layer ${layer}${isNull ? ", random directions" : ""}`, end: `L${layer}${isNull ? " null" : ""}`, colour: colourOf(layer), dash: isNull ? "5 4" : null,
          points: line.map(point => ({x: point.epsilon, y: point.kl, low: state.bands ? point.ci_low : null, high: state.bands ? point.ci_high : null, error: point.interpolation_error}))});
      }
    lineChart(part("curves", "chart"), series, {xLabel: data.epsilon_name, yLabel: "mean KL (nats)", xLog: state.axes.has("log x"), yLog: state.axes.has("log y"), domain: state.domain,
      label: `Mean KL against ${data.epsilon_name}, ${state.kind} spans, one line per layer. The table below has the numbers. Arrow keys move along ${data.epsilon_name}.`,
      onZoom: domain => { state.domain = domain; draw(); }});
  };
  part("curves", "lead").textContent = `The divergence of the next-token distribution from the one without a push, against the push's ${data.epsilon_name}. Drag to zoom, double-click for the whole range.${tableNamed("interpolated") ? " Dots were measured; between them the curves are interpolated, and a point says how well." : ""}`;
  if (kinds.length > 1) part("curves", "controls").append(choice("Spans", kinds, state.kind, kind => { state.kind = kind; draw(); }));
  part("curves", "controls").append(
    buttons("Scale", "checkbox", ["log x", "log y"], [], chosen => { state.axes = chosen; draw(); }),
    buttons("", "checkbox", ["95 % intervals"], state.bands ? ["95 % intervals"] : [], chosen => { state.bands = chosen.size > 0; draw(); }),
    buttons("Layers", "checkbox", layers, layers, chosen => { state.layers = chosen; draw(); }, String, layer => element("span", {class: "swatch", style: `background: ${colourOf(layer)}`})), zoomOut);
  part("curves", "table").append(foldedTable(table));
  if (tableNamed("interpolated")) part("curves", "table").append(foldedTable(tableNamed("interpolated")));
  drawn(draw);
  return true;
}

function setUpHeat() {
  const points = curvePoints().filter(point => !point.null_direction);
  if (!points.length) return false;
  const kinds = kindsOf(points);
  const state = {kind: kinds[0]};
  const draw = () => {
    const some = points.filter(point => point.span_kind === state.kind);
    const layers = distinct(some.map(point => point.layer)).sort((a, b) => a - b);
    const epsilons = distinct(some.map(point => point.epsilon)).sort((a, b) => a - b);
    const at = new Map(some.map(point => [`${point.layer} ${point.epsilon}`, point.kl]));
    const interpolated = new Set(some.filter(point => point.interpolation_error !== undefined).map(point => `${point.layer} ${point.epsilon}`));
    const positive = some.map(point => point.kl).filter(kl => kl > 0);
    const [low, high] = [Math.log(Math.min(...positive)), Math.log(Math.max(...positive))];
    const table = {name: `heat_${state.kind}`, columns: [data.epsilon_name, ...layers.map(layer => `layer ${layer}`)],
      rows: epsilons.map(epsilon => [epsilon, ...layers.map(layer => at.get(`${layer} ${epsilon}`) ?? null)])};
    part("heat", "table").replaceChildren(actionsOf(table), tableElement(table, {rowHead: 1, caption: `Mean KL in nats, ${state.kind} spans; the colour is its logarithm.${interpolated.size ? " In italics: interpolated." : ""}`,
      paint: (value, row, column) => column && value > 0 ? heatStyle(high > low ? (0.1 + 0.9 * (Math.log(value) - low) / (high - low)) ** 2 : 1) +
        (interpolated.has(`${layers[column - 1]} ${row[0]}`) ? "; font-style: italic" : "") : null}));
  };
  part("heat", "lead").textContent = `Mean KL by ${data.epsilon_name} and layer.`;
  if (kinds.length > 1) part("heat", "controls").append(choice("Spans", kinds, state.kind, kind => { state.kind = kind; draw(); }));
  draw();
  return true;
}

function setUpProvenance() {
  part("provenance", "table").append(factsTable(data.facts, "The run"), element("details", {}, element("summary", {}, "Everything that decides the numbers"),
    factsTable(data.identity, "The run's identity")));
  if (data.analysis.length) part("provenance", "table").append(element("details", {}, element("summary", {}, "Settings of the analysis"), factsTable(data.analysis, "The analysis")));
  document.getElementById("subtitle").textContent = data.facts.filter(([name]) => ["spans", "directions", "examples", "units", "precision", "tugline"].includes(name))
    .map(([name, value]) => `${name}: ${value}`).join(" · ");
  return true;
}

function setUpTables() {
  part("tables", "table").append(...data.tables.map(table => foldedTable(table)));
  return data.tables.length > 0;
}

// A section that has nothing to show is left out.
function setUp() {
  setUpTheme();
  const sections = {answers: setUpAnswers, curves: setUpCurves, heat: setUpHeat,
    transcripts: () => setUpTranscripts(document.getElementById("transcripts"), data),
    controls: setUpControls, directions: setUpDirections, correlations: setUpCorrelations,
    tables: setUpTables, provenance: setUpProvenance};
  for (const [id, make] of Object.entries(sections)) {
    const section = document.getElementById(id);
    section.hidden = !make();
    if (!section.hidden) document.getElementById("sections").append(element("li", {}, element("a", {href: `#${id}`}, section.querySelector("h2").textContent)));
  }
}
setUp();
