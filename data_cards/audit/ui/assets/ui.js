"use strict";
// Keys of the live pages: j and k for the next and the last document, g, b and u for labels, / for the search.
(() => {
  const typing = (target) => target.closest("input, select, textarea") !== null;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const label = document.querySelector(`button[data-key="${CSS.escape(event.key)}"]`);
    const link = { j: "a[rel=next]", k: "a[rel=prev]", Escape: "a[rel=up]" }[event.key];
    if (label) label.click();
    else if (link && document.querySelector(link)) document.querySelector(link).click();
    else if (event.key === "/" && document.getElementById("q")) document.getElementById("q").focus();
    else return;
    event.preventDefault();
  });
  for (const button of document.querySelectorAll("button.copy")) {
    button.addEventListener("click", () => {
      button.closest("p").querySelector(".copied").select();
      document.execCommand("copy");
    });
  }
  if (document.querySelector("[data-reload]")) setTimeout(() => location.reload(), 1500);
  const choice = document.getElementById("attribute");
  if (choice) choice.addEventListener("change", () => choice.form.requestSubmit());
})();
