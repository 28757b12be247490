"use strict";
// Moves limits and counts anew. The table is exact for every position, so nothing here estimates.
(() => {
  const block = document.getElementById("thresholds-data");
  if (!block) return;
  const { rules, sliders, kept, joint, table } = JSON.parse(block.textContent);
  const inputs = sliders.map((_, at) => document.getElementById(`slider-${at}`));
  const number = new Intl.NumberFormat("en");
  const show = (value) => (Number.isInteger(value) ? number.format(value) : String(Number(value.toPrecision(6))));
  const signed = (value, whole) =>
    (value > 0 ? "+" : value < 0 ? "−" : "±") + number.format(Math.abs(value)) +
    (value && whole ? ` (${(100 * value / whole).toFixed(1)} %)` : "");

  async function unpacked(text, kind) {
    if (!text) return new kind(0);
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new kind(await new Response(stream).arrayBuffer());
  }

  // A document in cell c fails at position j: j >= c for a lower limit, j < c for an upper one.
  const fails = (slider, cell, position) => (slider.lower ? position >= cell : position < cell);

  function countJoint({ cells, weights }, positions) {
    const rows = weights[0].length, failed = new Uint8Array(rows), before = new Uint8Array(rows), last = new Uint8Array(rows);
    sliders.forEach((slider, at) => {
      for (let row = 0, place = at * rows; row < rows; row++, place++) {
        if (fails(slider, cells[place], positions[at])) { failed[row] += 1; last[row] = at; }
        if (fails(slider, cells[place], slider.at)) before[row] = 1;
      }
    });
    const answer = { kept: [0, 0, 0], gained: 0, lost: 0, alone: sliders.map(() => 0) };
    for (let row = 0; row < rows; row++) {
      const documents = weights[0][row];
      if (!failed[row]) {
        for (const at of [0, 1, 2]) answer.kept[at] += weights[at][row] || 0;
        if (before[row]) answer.gained += documents;
      } else {
        if (!before[row]) answer.lost += documents;
        if (failed[row] === 1) answer.alone[last[row]] += documents;
      }
    }
    return answer;
  }

  function countSingle(tables, positions, moved) {
    const sum = (at, what, passes) =>
      tables[at][what].reduce((total, value, cell) => total + (passes(cell) ? value : 0), 0);
    const now = (at, position) => (cell) => !fails(sliders[at], cell, position);
    const was = (at) => now(at, sliders[at].at);
    const is = now(moved, positions[moved]);
    return {
      kept: [0, 1, 2].map((what) => sum(moved, what, is)),
      gained: sum(moved, 0, (cell) => is(cell) && !was(moved)(cell)),
      lost: sum(moved, 0, (cell) => !is(cell) && was(moved)(cell)),
      alone: sliders.map((_, at) => (moved === at || positions[moved] === sliders[moved].at
        ? sum(at, 0, (cell) => !now(at, positions[at])(cell)) : null)),
    };
  }

  function draw(answer, positions) {
    const totals = document.getElementById("totals");
    for (const cell of totals.querySelectorAll("[data-after]")) cell.textContent = number.format(answer.kept[cell.dataset.after]);
    for (const cell of totals.querySelectorAll("[data-change]")) {
      const at = cell.dataset.change;
      cell.textContent = signed(answer.kept[at] - kept[at], kept[at]);
    }
    totals.querySelector("[data-gained]").textContent = number.format(answer.gained);
    totals.querySelector("[data-lost]").textContent = number.format(answer.lost);
    const moved = sliders.map((slider, at) => [slider, positions[at]]).filter(([slider, position]) => position !== slider.at);
    document.getElementById("as-text").value = moved
      .map(([slider, position]) => `--set ${forShell(`rules.${slider.reason}.${slider.limit}=${slider.positions[position]}`)}`)
      .join(" ");
    document.getElementById("as-rules").value = asRules(moved);
    sliders.forEach((slider, at) => drawSlider(slider, at, positions[at], answer.alone[at]));
  }

  const isPlain = (text) => /^[A-Za-z_][\w.]*$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text);
  const forRecipe = (value) => (typeof value === "string" && isPlain(value) ? value : JSON.stringify(value));
  const forShell = (text) => (/^[\w.=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

  // Moved rules whole, as a recipe has them: flow mappings, strings quoted as JSON where they need it.
  function asRules(moved) {
    const changed = new Map();
    for (const [slider, position] of moved) {
      const rule = changed.get(slider.reason) || { ...rules.find((one) => one.reason === slider.reason) };
      rule[slider.limit] = slider.positions[position];
      changed.set(slider.reason, rule);
    }
    return [...changed.values()]
      .map((rule) => `- {${Object.entries(rule).map(([name, value]) => `${name}: ${forRecipe(value)}`).join(", ")}}`)
      .join("\n");
  }

  function drawSlider(slider, at, position, alone) {
    const value = slider.positions[position], box = document.querySelector(`[data-slider="${at}"]`);
    box.querySelector("output").textContent = show(value);
    box.querySelector("[data-alone]").textContent = alone === null ? "–" : number.format(alone);
    box.classList.toggle("moved", position !== slider.at);
    inputs[at].setAttribute("aria-valuetext", show(value));
    const marker = document.querySelector(`[data-marker="${at}"]`);
    if (marker) marker.setAttribute("transform", `translate(${marker.dataset.span * share(marker.dataset, value)} 0)`);
  }

  function share(range, value) {
    const scale = range.log === "1" ? (x) => Math.log10(Math.max(x, 1e-300)) : (x) => x;
    const [low, high] = [scale(Number(range.low)), scale(Number(range.high))];
    return Math.min(1, Math.max(0, (scale(value) - low) / (high - low || 1)));
  }

  async function start() {
    const data = joint && {
      cells: await unpacked(table.cells, Uint8Array),
      weights: await Promise.all(["documents", "words", "bytes"].map((name) => unpacked(table[name], Float64Array))),
    };
    const update = (moved) => {
      if (!joint) inputs.forEach((input, at) => { if (at !== moved) input.value = sliders[at].at; });
      const positions = inputs.map((input) => Number(input.value));
      draw(joint ? countJoint(data, positions) : countSingle(table.single, positions, moved), positions);
    };
    inputs.forEach((input, at) => {
      input.value = sliders[at].at;
      input.addEventListener("input", () => update(at));
    });
    document.getElementById("reset").addEventListener("click", () => {
      inputs.forEach((input, at) => { input.value = sliders[at].at; });
      update(0);
    });
    for (const button of document.querySelectorAll("[data-copy]")) {
      button.addEventListener("click", () => {
        document.getElementById(button.dataset.copy).select();
        document.execCommand("copy");
      });
    }
    update(0);
    document.documentElement.dataset.ready = "thresholds";
  }
  start();
})();
