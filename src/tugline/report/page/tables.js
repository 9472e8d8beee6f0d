// Tables: shown with three digits, copied and downloaded with all.

function csv(table) {
  const cell = value => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [table.columns, ...table.rows].map(row => row.map(cell).join(",")).join("\n") + "\n";
}

function download(name, text) {
  const link = element("a", {href: URL.createObjectURL(new Blob([text], {type: "text/csv"})), download: name});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

async function copy(text, said) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {  // a file:// page may not have it
    const area = element("textarea", {style: "position: fixed; left: -99rem"}, text);
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  said.textContent = "Copied";
  setTimeout(() => { said.textContent = ""; }, 2000);
}

function actionsOf(table) {
  const said = element("span", {role: "status"});
  const tabs = () => [table.columns, ...table.rows]
    .map(row => row.map(value => value === null ? "" : String(value).replace(/[\t\r\n]+/g, " ")).join("\t")).join("\n");
  return element("div", {class: "actions"},
    element("button", {type: "button", onclick: () => copy(tabs(), said)}, "Copy"),
    element("button", {type: "button", onclick: () => download(`${table.name}.csv`, csv(table))}, "Download CSV"), said);
}

const MOST_ROWS = 500;  // that are drawn at once

// options: caption, paint(value, row, column) -> a style for a cell, rowHead (the first columns that are headers of their rows).
function tableElement(table, options = {}) {
  const isText = table.columns.map((_, i) => table.rows.some(row => typeof row[i] === "string"));
  const rowHead = options.rowHead ?? 0;
  const body = element("tbody");
  const addRows = (from, to) => body.append(...table.rows.slice(from, to).map(row => element("tr", {}, ...row.map((value, i) =>
    element(i < rowHead ? "th" : "td", {scope: i < rowHead ? "row" : null, class: isText[i] ? "text" : null,
      title: typeof value === "number" || (value && value.length > 40) ? String(value) : null,
      style: options.paint ? options.paint(value, row, i) : null}, short(value))))));
  addRows(0, MOST_ROWS);
  const made = element("table", {}, element("caption", {}, options.caption ?? table.caption),
    element("thead", {}, element("tr", {}, ...table.columns.map((name, i) => element("th", {scope: "col", class: isText[i] ? "text" : null}, name)))), body);
  const box = element("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": options.caption ?? table.caption}, made);
  let shown = MOST_ROWS;
  if (table.rows.length <= shown) return box;
  const more = element("button", {type: "button", onclick: () => {
    addRows(shown, shown + MOST_ROWS);
    shown += MOST_ROWS;
    more.hidden = shown >= table.rows.length;
  }}, "Show more rows");
  return element("div", {}, box, element("div", {class: "actions"}, `The first ${MOST_ROWS} of ${table.rows.length} rows `, more));
}

// A table behind a summary, which is made when it is opened.
function foldedTable(table, title = table.title, options = {}) {
  const details = element("details", {}, element("summary", {}, `${title} (${table.rows.length} rows)`));
  details.addEventListener("toggle", () => {
    if (!details.open || details.childElementCount > 1) return;
    details.append(actionsOf(table), tableElement(table, options));
    if (table.left_out) details.append(element("p", {class: "note"}, `${table.left_out} further rows are left out of this page; tugline export has them.`));
  });
  return details;
}

// Rows as objects.
function records(table) {
  return table ? table.rows.map(row => Object.fromEntries(table.columns.map((name, i) => [name, row[i]]))) : [];
}

function factsTable(facts, caption) {
  return element("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": caption}, element("table", {class: "facts"}, element("caption", {}, caption),
    element("tbody", {}, ...facts.map(([name, value]) => element("tr", {}, element("th", {scope: "row"}, name), element("td", {}, value))))));
}
