// The transcripts: sentences coloured by their response, and the tokens of the one that is chosen.

function heatStyle(share) {
  return `background: color-mix(in srgb, var(--heat) ${Math.round(75 * Math.sqrt(Math.max(0, Math.min(1, share))))}%, transparent)`;
}

function responseAt(span, layer) { return span.responses.find(response => response.layer === layer); }

function nameOf(span) {
  if (span.kind === "chunk") return `chunk ${span.chunk}`;
  const name = span.kind.replaceAll("_", " ");
  return span.kind === "anchor" && span.chunk >= 0 ? `${name} (chunk ${span.chunk})` : name;
}

// The text in parts, each with the span that is about it: the dataset's text, or else what the spans say.
function partsOf(transcript) {
  const spans = transcript.spans.filter(span => !span.kind.startsWith("control_offset"));
  if (!transcript.text.length)
    return [...spans].filter(span => span.kind !== "control_window").sort((a, b) => a.begin - b.begin)
      .filter((span, i, all) => !i || all[i - 1].begin !== span.begin)
      .flatMap((span, i, all) => [...(i && all[i - 1].end < span.begin ? [{text: " … "}] : i && !/\s$/.test(all[i - 1].text) && !/^\s/.test(span.text) ? [{text: " "}] : []), {text: span.text, span, chunk: span.chunk}]);
  const byChunk = new Map();
  for (const kind of ["control_matched", "anchor", "chunk"])
    for (const span of spans) if (span.kind === kind) byChunk.set(span.chunk, span);
  return transcript.text.map(([text, chunk]) => ({text, chunk, span: chunk >= 0 ? byChunk.get(chunk) : undefined}));
}

// Whether the anchor is the part's sentence: by its number, or because they share most tokens.
function isAnchor(transcript, part) {
  if (transcript.anchors.includes(part.chunk)) return true;
  if (!part.span || part.span.kind.startsWith("control_")) return false;
  const size = span => span.end - span.begin;
  return part.span.kind === "anchor" || transcript.spans.some(span => span.kind === "anchor" &&
    2 * (Math.min(span.end, part.span.end) - Math.max(span.begin, part.span.begin)) > Math.min(size(span), size(part.span)));
}

function chunkElement(transcript, part, state, choose) {
  const response = part.span && responseAt(part.span, state.layer);
  const anchor = isAnchor(transcript, part);
  if (!response) return anchor ? element("span", {class: "anchor"}, part.text) : document.createTextNode(part.text);
  const words = `${nameOf(part.span)}${anchor ? ", anchor" : ""}: KL ${short(response.kl)} nats`;
  const made = element("span", {class: anchor ? "chunk anchor" : "chunk", role: "button", tabindex: 0, "aria-pressed": "false",
    style: heatStyle(response.kl / state.most), "aria-label": `${words}. ${part.text.trim()}`,
    onclick: () => choose(part.span, made),
    onkeydown: event => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(part.span, made); } },
    onmousemove: event => showTip(words, event.pageX, event.pageY), onmouseleave: hideTip,
    onfocus: () => { const box = made.getBoundingClientRect(); showTip(words, box.left + window.scrollX, box.bottom + window.scrollY); },
    onblur: hideTip}, part.text);
  return made;
}

function movesText(moves) { return moves.map(([piece, change]) => `${JSON.stringify(piece)} ${change > 0 ? "+" : ""}${short(change)}`).join(", "); }

function tokenTip(token, response, i) {
  const [rose, fell] = response.moved ? response.moved[i] : [[], []];
  return element("div", {}, element("strong", {}, JSON.stringify(token)), element("div", {}, `KL ${short(response.rows[i])} nats, Δ log p ${short(response.delta[i])}`),
    rose.length ? element("div", {class: "rose"}, `rose: ${movesText(rose)}`) : null,
    fell.length ? element("div", {class: "fell"}, `fell: ${movesText(fell)}`) : null);
}

// What the pushes of one span did: to each token, and at each layer.
function spanDetail(span, state, data) {
  const response = responseAt(span, state.layer);
  const made = [element("h3", {}, `${nameOf(span)}, tokens ${span.begin} to ${span.end - 1}, layer ${state.layer}: KL ${short(response.kl)} nats`)];
  if (response.rows) {
    const most = Math.max(...response.rows, Number.MIN_VALUE);
    made.push(element("p", {class: "tokens"}, ...span.tokens.map((token, i) => element("span", {class: "token", style: heatStyle(response.rows[i] / most),
      onmousemove: event => showTip(tokenTip(token, response, i), event.pageX, event.pageY), onmouseleave: hideTip}, token || "·"))));
    const columns = ["token", "kl", "delta_logprob", ...(response.moved ? ["rose", "fell"] : [])];
    const rows = span.tokens.map((token, i) => [token, response.rows[i], response.delta[i], ...(response.moved ? response.moved[i].map(movesText) : [])]);
    made.push(foldedTable({name: `tokens_${span.kind}_${span.chunk}_layer${state.layer}`, title: "Tokens", columns, rows,
      caption: `The rows that were read: the next token of each, its KL in nats and its change of log-probability at ${data.epsilon_name} ${short(data.epsilon)}, means over the directions.`}));
  }
  made.push(foldedTable({name: `layers_${span.kind}_${span.chunk}`, title: "Layers", columns: ["layer", "kl"],
    rows: span.responses.map(one => [one.layer, one.kl]), caption: `Mean KL of this span in nats, at ${data.epsilon_name} ${short(data.epsilon)}.`}));
  return made;
}

function drawTranscript(section, transcript, state, data) {
  const detail = section.querySelector(".detail");
  detail.replaceChildren();
  const box = section.querySelector(".transcript");
  const choose = (span, made) => {
    for (const other of section.querySelectorAll("[aria-pressed]")) other.setAttribute("aria-pressed", String(other === made));
    detail.replaceChildren(...spanDetail(span, state, data));
  };
  if (transcript.skipped) return box.replaceChildren(`Skipped: ${transcript.skipped}`);
  const parts = partsOf(transcript);
  box.replaceChildren(...parts.map(part => chunkElement(transcript, part, state, choose)));
  // What the text does not show by itself, such as controls, or an anchor that is not the whole of its chunk.
  const isShown = span => parts.some(part => part.span && part.span.begin === span.begin && part.span.end === span.end);
  const others = transcript.spans.filter(span => responseAt(span, state.layer) && (span.kind.startsWith("control_") || !isShown(span)));
  if (others.length)
    box.append(element("h3", {}, "Controls, and other spans that were pushed"), ...others.flatMap(span => [`${nameOf(span)}: `,
      chunkElement(transcript, {text: span.text.trim().replace(/\s+/g, " ") || nameOf(span), span, chunk: -1}, state, choose), "\n"]));
}

function setUpTranscripts(section, data) {
  const measured = data.transcripts.filter(transcript => transcript.spans.length || transcript.skipped);
  if (!measured.length) return false;
  const layers = [...new Set(measured.flatMap(transcript => transcript.spans.flatMap(span => span.responses.map(response => response.layer))))].sort((a, b) => a - b);
  const state = {transcript: measured[0], layer: layers[layers.length - 1], most: 1};
  const key = element("span", {class: "key"});
  const draw = () => {
    const all = measured.flatMap(transcript => transcript.spans.flatMap(span => responseAt(span, state.layer)?.kl ?? []));
    state.most = Math.max(...all, Number.MIN_VALUE);
    key.replaceChildren("KL 0", element("span", {class: "ramp"}), `${short(state.most)} nats`);
    drawTranscript(section, state.transcript, state, data);
  };
  const title = transcript => `${transcript.example}${transcript.id ? ` (${transcript.id})` : ""}: ${transcript.prompt.slice(0, 60) || "no prompt"}`;
  section.querySelector(".lead").textContent = `Sentences that were pushed, coloured by their mean KL at ${data.epsilon_name} ${short(data.epsilon)}; the anchor is underlined. Choose one to see its tokens.`;
  section.querySelector(".controls").append(
    choice("Example", measured, state.transcript, value => { state.transcript = value; draw(); }, title),
    choice("Layer", layers, state.layer, value => { state.layer = value; draw(); }), key);
  draw();
  return true;
}
