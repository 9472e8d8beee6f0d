// Charts, drawn by d3: lines with bands, and intervals. Every chart takes the keyboard, and stands beside a table of the same numbers.

const SIZE = {width: 900, height: 420, left: 72, right: 64, top: 12, bottom: 44};

// Draws now, and again when the window has another width.
function drawn(draw) {
  draw();
  let width = window.innerWidth;
  let timer = null;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    clearTimeout(timer);
    timer = setTimeout(draw, 150);
  });
}

// The colour of the index-th of `count` ordered things: along one ramp, whose ends differ enough from the page in either theme.
function colour(index, count) {
  const at = count < 2 ? 0.35 : index / (count - 1);
  return `light-dark(${d3.interpolatePlasma(0.02 + 0.6 * at)}, ${d3.interpolatePlasma(0.42 + 0.58 * at)})`;
}

// A drawing as wide as its place on the screen.
function frame(container, label) {
  SIZE.width = Math.max(300, Math.min(1100, container.clientWidth || 900));
  const svg = d3.create("svg").attr("class", "plot").attr("viewBox", `0 0 ${SIZE.width} ${SIZE.height}`)
    .attr("role", "img").attr("aria-label", label);
  container.replaceChildren(element("figure", {}, svg.node()));
  return svg;
}

function scaleOf(values, isLog, range, ends = "with room") {
  const usable = isLog ? values.filter(value => value > 0) : values;
  let [low, high] = d3.extent(usable);
  if (low === undefined) [low, high] = isLog ? [0.1, 1] : [0, 1];
  if (low === high) [low, high] = isLog ? [low / 2, high * 2] : [low - (low ? Math.abs(low) / 2 : 1), high + (high ? Math.abs(high) / 2 : 1)];
  // A little room at the ends; a round end of a logarithmic axis would be up to a decade away.
  const scale = (isLog ? d3.scaleLog() : d3.scaleLinear()).range(range).domain([low, high]);
  if (ends !== "with room") return scale;
  const room = (high / low) ** 0.03;
  return isLog ? scale.domain([low / room, high * room]) : scale.nice();
}

// The ticks that have a label: on a logarithmic axis the powers of ten, with 2 and 5 or all digits on a short one.
function ticksOf(scale, count) {
  if (!scale.base) return scale.ticks(count);
  const [low, high] = scale.domain();
  const decades = Math.log10(high / low);
  const digits = decades > 2.5 ? [1] : decades > 0.8 ? [1, 2, 5] : [1, 2, 3, 4, 5, 6, 7, 8, 9];
  const step = Math.max(1, Math.ceil(decades / Math.max(count, 2)));
  const powers = d3.range(Math.floor(Math.log10(low)), Math.log10(high) + 1).filter(power => step === 1 || power % step === 0);
  return powers.flatMap(power => digits.map(digit => digit * 10 ** power)).filter(tick => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
}

function axisOf(make, scale, count) { return make(scale).tickValues(ticksOf(scale, count)).tickFormat(tickText).tickSizeOuter(0); }

function drawAxes(svg, x, y, labels) {
  const bottom = SIZE.height - SIZE.bottom;
  svg.append("g").attr("class", "grid").attr("transform", `translate(${SIZE.left},0)`)
    .call(axisOf(d3.axisLeft, y, 6).tickSize(-(SIZE.width - SIZE.left - SIZE.right)).tickFormat(""));
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${bottom})`).call(axisOf(d3.axisBottom, x, Math.min(10, SIZE.width / 80)));
  svg.append("g").attr("class", "axis").attr("transform", `translate(${SIZE.left},0)`).call(axisOf(d3.axisLeft, y, 6));
  svg.append("text").attr("x", (SIZE.left + SIZE.width - SIZE.right) / 2).attr("y", SIZE.height - 8).attr("text-anchor", "middle").text(labels.x);
  svg.append("text").attr("transform", `translate(14,${(SIZE.top + bottom) / 2}) rotate(-90)`).attr("text-anchor", "middle").text(labels.y);
}

// Names at the lines' ends, moved apart where they would overlap.
function drawEndLabels(svg, ends) {
  const sorted = ends.sort((a, b) => a.y - b.y);
  sorted.forEach((end, i) => { end.at = i ? Math.max(end.y, sorted[i - 1].at + 13) : end.y; });
  const over = sorted.length ? Math.max(0, sorted[sorted.length - 1].at - (SIZE.height - SIZE.bottom)) : 0;
  for (const end of sorted)
    svg.append("text").attr("x", end.x + 6).attr("y", end.at - over).attr("dy", "0.32em").text(end.name);
}

// On a logarithmic axis the interval of a mean is that of its logarithm, which is never below 0: mean * exp(-+ half width / mean).
function logInterval(point) {
  if (!(point.y > 0) || point.high === null || point.high === undefined) return point;
  const factor = Math.exp((point.high - point.y) / point.y);
  return {...point, low: point.y / factor, high: point.y * factor};
}

// series: [{name, colour, points: [{x, y, low, high, error}]}]; a point with an `error` is interpolated, and has no dot. options: xLabel, yLabel, xLog, yLog, label, domain ([x0, x1] or null),
// onZoom(domain). Arrow keys and the mouse move along x; dragging selects the part of x to zoom into.
function lineChart(container, series, options) {
  const svg = frame(container, options.label);
  svg.attr("tabindex", 0);
  const inside = point => !options.domain || (point.x >= options.domain[0] && point.x <= options.domain[1]);
  const drawable = point => inside(point) && (!options.xLog || point.x > 0) && (!options.yLog || point.y > 0) && point.y !== null;
  const interval = options.yLog ? logInterval : point => point;
  const lines = series.map(line => ({...line, points: line.points.filter(drawable).map(interval)})).filter(line => line.points.length);
  const points = lines.flatMap(line => line.points);
  const leftOut = series.flatMap(line => line.points).filter(inside).length - points.length;
  if (leftOut) svg.node().parentNode.append(element("figcaption", {}, `A logarithmic axis has no place for values that are not above 0: ${leftOut} points are left out.`));
  const x = scaleOf(points.map(point => point.x), options.xLog, [SIZE.left, SIZE.width - SIZE.right], "to the ends");
  const edges = points.flatMap(point => [point.y, point.low ?? point.y, point.high ?? point.y]);
  // An interval that reaches far from its mean does not stretch the axis; it is cut at the axis' ends.
  const shown = points.flatMap(point => [point.y, Math.max(point.low ?? point.y, point.y / 6), Math.min(point.high ?? point.y, 6 * point.y)]);
  const y = scaleOf(options.yLog ? shown : edges, options.yLog, [SIZE.height - SIZE.bottom, SIZE.top]);
  drawAxes(svg, x, y, {x: options.xLabel, y: options.yLabel});
  const [floor, ceiling] = y.domain();
  const yOf = value => y(options.yLog ? Math.min(Math.max(value, floor), ceiling) : value);
  for (const line of lines) {
    const banded = line.points.filter(point => point.low !== null && point.low !== undefined);
    svg.append("path").attr("class", "band").style("fill", line.colour)
      .attr("d", d3.area().x(point => x(point.x)).y0(point => yOf(point.low)).y1(point => yOf(point.high))(banded));
  }
  for (const line of lines) {
    svg.append("path").attr("class", "curve").style("stroke", line.colour).style("stroke-dasharray", line.dash || null)
      .attr("d", d3.line().x(point => x(point.x)).y(point => yOf(point.y))(line.points));
    const measured = line.points.filter(point => point.error === undefined);
    if (measured.length <= 60)
      svg.append("g").selectAll("circle").data(measured).enter().append("circle").attr("r", 2.5)
        .attr("cx", point => x(point.x)).attr("cy", point => yOf(point.y)).style("fill", line.colour);
  }
  drawEndLabels(svg, lines.map(line => {
    const last = line.points[line.points.length - 1];
    return {name: line.end || line.name, x: x(last.x), y: yOf(last.y)};
  }));
  followPointer(svg, lines, x, {...options, width: SIZE.width});
  return svg.node();
}

function followPointer(svg, lines, x, options) {
  const values = [...new Set(lines.flatMap(line => line.points.map(point => point.x)))].sort((a, b) => a - b);
  if (!values.length) return;
  const rule = svg.append("line").attr("class", "rule").attr("y1", SIZE.top).attr("y2", SIZE.height - SIZE.bottom).style("display", "none");
  const selection = svg.append("rect").attr("class", "selection").attr("y", SIZE.top).attr("height", SIZE.height - SIZE.top - SIZE.bottom).style("display", "none");
  let current = 0;
  let start = null;
  const show = index => {
    current = Math.max(0, Math.min(values.length - 1, index));
    const value = values[current];
    rule.style("display", null).attr("x1", x(value)).attr("x2", x(value));
    const rows = lines.map(line => [line, line.points.find(point => point.x === value)]).filter(([, point]) => point)
      .sort(([, a], [, b]) => b.y - a.y);
    const box = svg.node().getBoundingClientRect();
    showTip(element("div", {}, `${options.xLabel} ${short(value)}`, ...rows.map(([line, point]) => element("div", {},
      element("span", {class: "swatch", style: `background: ${line.colour}`}), ` ${line.name}: ${short(point.y)}`,
      point.low === null || point.low === undefined ? "" : ` [${short(point.low)}, ${short(point.high)}]`,
      point.error === undefined ? "" : point.error === null ? ", interpolated" : `, interpolated to \u00b1${short(point.error)}`))),
      box.left + window.scrollX + x(value) * box.width / options.width, box.top + window.scrollY + 30);
  };
  const hide = () => { rule.style("display", "none"); hideTip(); };
  const xAt = event => {
    const box = svg.node().getBoundingClientRect();
    return (event.clientX - box.left) * options.width / box.width;
  };
  const nearest = at => d3.scan(values, (a, b) => Math.abs(x(a) - at) - Math.abs(x(b) - at));
  const node = svg.node();
  node.addEventListener("pointermove", event => {
    const at = xAt(event);
    if (start !== null) selection.style("display", null).attr("x", Math.min(start, at)).attr("width", Math.abs(at - start));
    show(nearest(at));
  });
  node.addEventListener("pointerdown", event => { if (options.onZoom && event.button === 0) { start = xAt(event); event.preventDefault(); node.focus({preventScroll: true}); } });
  node.addEventListener("pointerup", event => {
    const [from, to] = start === null ? [0, 0] : [Math.min(start, xAt(event)), Math.max(start, xAt(event))];
    start = null;
    selection.style("display", "none");
    if (to - from > 10 && values.filter(value => x(value) >= from && x(value) <= to).length > 1)
      options.onZoom([x.invert(from), x.invert(to)]);
  });
  node.addEventListener("pointerleave", () => { start = null; selection.style("display", "none"); hide(); });
  node.addEventListener("dblclick", () => options.onZoom && options.onZoom(null));
  node.addEventListener("blur", hide);
  node.addEventListener("keydown", event => {
    const steps = {ArrowLeft: current - 1, ArrowRight: current + 1, Home: 0, End: values.length - 1};
    if (event.key === "Escape") return hide();
    if (!(event.key in steps)) return;
    event.preventDefault();
    show(rule.style("display") === "none" ? current : steps[event.key]);
  });
}

// rows: [{name, value, low, high, colour, note}]: a dot and its interval each, beside a line at `zero`; `none` stands for a missing value.
function intervalChart(container, rows, options) {
  const height = 60 + 22 * rows.length;
  const svg = frame(container, options.label).attr("viewBox", `0 0 ${SIZE.width} ${height}`);
  const left = SIZE.width < 500 ? 140 : 230;
  const ends = rows.flatMap(row => [row.value ?? options.zero, row.low ?? row.value ?? options.zero, row.high ?? row.value ?? options.zero, options.zero]);
  const x = scaleOf(options.log ? ends.filter(end => end > 0) : ends, options.log, [left, SIZE.width - 34]);
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - 40})`)
    .call(axisOf(d3.axisBottom, x, 6));
  svg.append("text").attr("x", (left + SIZE.width - 20) / 2).attr("y", height - 6).attr("text-anchor", "middle").text(options.xLabel);
  svg.append("line").attr("class", "zero").attr("x1", x(options.zero)).attr("x2", x(options.zero)).attr("y1", 4).attr("y2", height - 40);
  rows.forEach((row, i) => {
    const at = 16 + 22 * i;
    const group = svg.append("g");
    group.append("title").text(row.note || row.name);
    group.append("text").attr("x", left - 10).attr("y", at).attr("dy", "0.32em").attr("text-anchor", "end").text(row.name);
    if (row.low !== null && row.low !== undefined && (!options.log || row.low > 0))
      group.append("line").attr("x1", x(row.low)).attr("x2", x(row.high)).attr("y1", at).attr("y2", at).style("stroke", row.colour).style("stroke-width", 2);
    if (row.value === null || row.value === undefined)
      group.append("text").attr("class", "none").attr("x", x(options.zero) + 8).attr("y", at).attr("dy", "0.32em").text(options.none);
    else if (!options.log || row.value > 0)
      group.append("circle").attr("cx", x(row.value)).attr("cy", at).attr("r", 4).style("fill", row.colour);
  });
}

// points: [{x, y, colour, note}].
function scatterChart(container, points, options) {
  const svg = frame(container, options.label);
  const shown = points.filter(point => (!options.xLog || point.x > 0) && (!options.yLog || point.y > 0));
  const x = scaleOf(shown.map(point => point.x), options.xLog, [SIZE.left, SIZE.width - SIZE.right]);
  const y = scaleOf(shown.map(point => point.y), options.yLog, [SIZE.height - SIZE.bottom, SIZE.top]);
  drawAxes(svg, x, y, {x: options.xLabel, y: options.yLabel});
  svg.append("g").selectAll("circle").data(shown).enter().append("circle").attr("r", 3.5).style("fill-opacity", 0.65)
    .attr("cx", point => x(point.x)).attr("cy", point => y(point.y)).style("fill", point => point.colour)
    .on("mousemove", point => showTip(point.note, d3.event.pageX, d3.event.pageY)).on("mouseleave", hideTip);
}
