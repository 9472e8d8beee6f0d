// The sections about the analysis: the anchor's controls, directions, correlations. Their tables have the names of `tugline analyze`.

const sorted = values => distinct(values).sort((a, b) => a - b);

function setUpControls() {
  const table = tableNamed("contrasts");
  const rows = records(table).filter(row => row.span_kind === "anchor" && row.against_span_kind !== "anchor" && row.layer === row.against_layer);
  if (!rows.length) return false;
  const layers = sorted(rows.map(row => row.layer));
  const epsilons = sorted(rows.map(row => row.epsilon));
  const state = {layer: layers[layers.length - 1], epsilon: epsilons[epsilons.length - 1], quantity: "ratio"};
  const draw = () => {
    const some = rows.filter(row => row.layer === state.layer && row.epsilon === state.epsilon);
    const isRatio = state.quantity === "ratio";
    const low = isRatio ? "ratio_t_low" : "t_low";
    const high = isRatio ? "ratio_t_high" : "t_high";
    intervalChart(part("controls", "chart"), some.map(row => ({name: row.against_span_kind, value: row[state.quantity], low: row[low], high: row[high], colour: "var(--accent)",
      note: `${row.against_span_kind}: ${state.quantity} ${short(row[state.quantity])} [${short(row[low])}, ${short(row[high])}], p = ${short(row.p_value)}, larger in ${row.larger} of ${row.pairs} pairs`})),
    {zero: isRatio ? 1 : 0, log: isRatio, none: "no ratio: the other's KL is 0", xLabel: isRatio ? "anchor's KL divided by the other's" : "anchor's KL minus the other's (nats)",
      label: `The anchor against each kind of span at layer ${state.layer} and ${data.epsilon_name} ${short(state.epsilon)}, with 95 % intervals. The table below has the numbers.`});
  };
  part("controls", "lead").textContent = "The anchor against other spans of the same example: paired over the examples, with 95 % t intervals. A dot without a line has no bounded interval.";
  part("controls", "controls").append(choice("Layer", layers, state.layer, layer => { state.layer = layer; draw(); }),
    ...(epsilons.length > 1 ? [choice(data.epsilon_name, epsilons, state.epsilon, epsilon => { state.epsilon = epsilon; draw(); }, short)] : []),
    buttons("Show", "radio", ["ratio", "difference"], ["ratio"], chosen => { [state.quantity] = chosen; draw(); }));
  part("controls", "table").append(foldedTable(table));
  drawn(draw);
  return true;
}

// The error that more directions would remove, in percent of the mean.
function drawDirectionErrors(rows, state) {
  const some = rows.filter(row => row.span_kind === state.kind && row.of_directions_percent > 0);
  const layers = sorted(rows.map(row => row.layer));
  const series = layers.map((layer, i) => ({name: `layer ${layer}`, end: `L${layer}`, colour: colour(i, layers.length),
    points: some.filter(row => row.layer === layer).map(row => ({x: row.directions, y: row.of_directions_percent, low: null, high: null}))}));
  lineChart(part("directions", "chart"), series, {xLabel: "directions", yLabel: "error (% of the mean KL)", xLog: true, yLog: true, domain: null,
    label: "The part of the mean's standard error that comes from the directions, in percent of the mean, against the number of directions. The table below has the numbers."});
}

function drawNull(rows, state) {
  const some = rows.filter(row => row.span_kind === state.kind && row.layer === state.layer && row.epsilon === state.epsilon);
  intervalChart(part("directions", "chart"), some.map(row => ({name: `vector ${row.direction}`, value: row.kl, low: row.null_low, high: row.null_high, colour: "var(--accent)",
    note: `vector ${row.direction}: KL ${short(row.kl)} nats; random directions ${short(row.null_low)} to ${short(row.null_high)}, p = ${short(row.p_value)}`})),
  {zero: some.length ? some[0].null_kl : 0, log: false, xLabel: "mean KL (nats): the vector is the dot, the line what 95 % of the random directions do",
    label: `Each vector's mean KL and the range of random directions at layer ${state.layer}. The table below has the numbers.`});
}

function setUpDirections() {
  const nulls = records(tableNamed("null_contrasts"));
  const rows = nulls.length ? nulls : records(tableNamed("direction_errors"));
  if (!rows.length) return false;
  const kinds = kindsOf(rows);
  const layers = sorted(rows.map(row => row.layer));
  const epsilons = sorted(rows.map(row => row.epsilon));
  const state = {kind: kinds[0], layer: layers[layers.length - 1], epsilon: epsilons[epsilons.length - 1]};
  const draw = () => nulls.length ? drawNull(rows, state) : drawDirectionErrors(rows.filter(row => row.epsilon === state.epsilon), state);
  part("directions", "lead").textContent = nulls.length
    ? "Each supplied vector beside random directions, over the same spans."
    : "How the error that comes from the choice of directions falls with their number, at every layer.";
  if (kinds.length > 1) part("directions", "controls").append(choice("Spans", kinds, state.kind, kind => { state.kind = kind; draw(); }));
  if (nulls.length) part("directions", "controls").append(choice("Layer", layers, state.layer, layer => { state.layer = layer; draw(); }),
    choice(data.epsilon_name, epsilons, state.epsilon, epsilon => { state.epsilon = epsilon; draw(); }, short));
  for (const name of ["directions_needed", "direction_errors", "variance", "null_contrasts"])
    if (tableNamed(name)?.rows.length) part("directions", "table").append(foldedTable(tableNamed(name)));
  drawn(draw);
  return true;
}

function setUpCorrelations() {
  const table = tableNamed("correlations");
  // A metric that no span has a value of has no coefficient.
  const rows = records(table).filter(row => row.spearman !== null || row.pearson !== null);
  if (!rows.length) return false;
  const spans = records(tableNamed("spans"));
  const pick = name => distinct(rows.map(row => row[name]));
  const state = {kind: kindsOf(rows)[0], layer: sorted(pick("layer")).pop(), measure: pick("measure")[0], metric: pick("metric")[0], axes: new Set()};
  const draw = () => {
    const some = spans.filter(row => row.span_kind === state.kind && row.layer === state.layer && typeof row[state.metric] === "number" && typeof row[state.measure] === "number");
    const examples = sorted(some.map(row => row.example));
    scatterChart(part("correlations", "chart"), some.map(row => ({x: row[state.metric], y: row[state.measure], colour: colour(examples.indexOf(row.example), examples.length),
      note: `example ${row.example}, chunk ${row.chunk}\n${state.metric} ${short(row[state.metric])}\n${state.measure} ${short(row[state.measure])}`})),
    {xLabel: state.metric, yLabel: state.measure, xLog: state.axes.has("log x"), yLog: state.axes.has("log y"),
      label: `${state.measure} of each ${state.kind} span at layer ${state.layer} against ${state.metric}. The table "spans" has the numbers.`});
    const found = rows.filter(row => row.span_kind === state.kind && row.layer === state.layer && row.measure === state.measure && row.metric === state.metric);
    part("correlations", "lead").textContent = `${found.map(row => `${row.scaling}: Spearman ${short(row.spearman)} (p = ${short(row.spearman_p)}), Pearson ${short(row.pearson)} (p = ${short(row.pearson_p)})`).join("; ")}. One colour per example; ${some.length} spans.`;
  };
  const add = (label, name, values) => { if (values.length > 1) part("correlations", "controls").append(choice(label, values, state[name], value => { state[name] = value; draw(); })); };
  add("Spans", "kind", kindsOf(rows));
  add("Layer", "layer", sorted(pick("layer")));
  add("Measure", "measure", pick("measure"));
  add("Metric", "metric", pick("metric"));
  part("correlations", "controls").append(buttons("Scale", "checkbox", ["log x", "log y"], [], chosen => { state.axes = chosen; draw(); }));
  part("correlations", "table").append(foldedTable(table));
  drawn(draw);
  return true;
}
