// Numbers and elements.

// Three significant digits; "0"; "1.2e-5".
function short(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const size = Math.abs(value);
  return size < 1e-3 || size >= 1e5 ? value.toExponential(2) : String(Number(value.toPrecision(3)));
}

// A tick's number: without the zeros that fill digits up.
function tickText(value) { return short(Number(value.toPrecision(12))).replace(/\.?0+e/, "e"); }

// element("a", {href: "#x", class: "y"}, "text", child, ...): attributes that are null or false are left out.
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}

// A labelled choice of one of several values.
function choice(label, values, chosen, onchange, names = String) {
  const select = element("select", {onchange: () => onchange(values[select.selectedIndex])},
    ...values.map(value => element("option", {selected: value === chosen}, names(value))));
  return element("label", {}, `${label} `, select);
}

// One of several values as radio buttons, or several of them as check boxes.
let groups = 0;
function buttons(legend, type, values, chosen, onchange, names = String, before = () => null) {
  const name = `group${++groups}`;
  const state = new Set(chosen);
  return element("fieldset", {class: "inline"}, legend ? element("legend", {}, legend) : null, ...values.map(value => {
    const input = element("input", {type, name, checked: state.has(value), onchange: () => {
      if (type === "radio") state.clear();
      if (input.checked) state.add(value); else state.delete(value);
      onchange(state);
    }});
    return element("label", {}, input, before(value), names(value));
  }));
}

const tip = document.getElementById("tip");
function showTip(content, x, y) {
  tip.replaceChildren(content);
  tip.hidden = false;
  const left = Math.min(x + 14, window.scrollX + document.documentElement.clientWidth - tip.offsetWidth - 8);
  tip.style.left = `${Math.max(window.scrollX + 4, left)}px`;
  tip.style.top = `${y + 14}px`;
}
function hideTip() { tip.hidden = true; }
