// Search and filters over the findings, kept in the URL's fragment; links that can be copied; everything open in print.
// The page is whole without this. Text is only ever compared and set as text, never as markup.
"use strict";
(() => {
  const form = document.getElementById("filters");
  const names = ["q", "verdict", "severity", "policy", "control", "subject"];
  const sections = [...document.querySelectorAll("details.rule")].map((element) => ({
    element,
    rows: [...element.querySelectorAll("table.findings > tbody > tr")].map((row) => ({ element: row, verdict: row.cells[0].textContent, text: null })),
    text: null,
    wasOpen: null,
  }));
  const words = (text) => text.normalize("NFKC").toLowerCase();

  const textOf = (item, element) => (item.text ??= words(element.textContent));
  const headOf = (section) => (section.text ??= words([...section.element.children].filter((child) => child.tagName !== "TABLE").map((child) => child.textContent).join(" ")));

  function wanted() {
    const out = {};
    for (const name of names) {
      const field = form.elements[name];
      if (field && field.value.trim() !== "") out[name] = field.value.trim();
    }
    return out;
  }

  function clear() {
    for (const name of names) if (form.elements[name]) form.elements[name].value = "";
  }

  function fits(section, want) {
    const data = section.element.dataset;
    return (!want.severity || data.severity === want.severity) && (!want.policy || data.policy === want.policy) &&
      (!want.subject || data.subject === want.subject) && (!want.control || data.control.split("\n").includes(want.control));
  }

  function apply() {
    const want = wanted();
    const terms = want.q ? words(want.q).split(/\s+/) : [];
    const picks = terms.length > 0 || Boolean(want.verdict);
    let findings = 0, rules = 0, all = 0;
    for (const section of sections) {
      const isIn = fits(section, want);
      let shown = 0;
      for (const row of section.rows) {
        const rowIn = isIn && (!want.verdict || row.verdict === want.verdict) &&
          terms.every((term) => textOf(row, row.element).includes(term) || headOf(section).includes(term));
        row.element.hidden = !rowIn;
        if (rowIn) shown += 1;
      }
      // A rule without rows (undecided as a whole) is found by its own words.
      const isShown = isIn && (shown > 0 || (section.rows.length === 0 && (!want.verdict || headOf(section).includes(want.verdict)) && terms.every((term) => headOf(section).includes(term))));
      section.element.hidden = !isShown;
      all += section.rows.length;
      if (isShown) {
        rules += 1;
        findings += shown;
      }
      if (picks) {
        section.wasOpen ??= section.element.open;
        if (isShown) section.element.open = true;
      } else if (section.wasOpen !== null) {
        section.element.open = section.wasOpen;
        section.wasOpen = null;
      }
    }
    const beyond = Number(form.elements.shown.dataset.all) - all;
    const plural = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
    form.elements.shown.value = (Object.keys(want).length === 0 ? `${plural(findings, "finding")} of ${plural(rules, "rule")}` :
      rules === 0 ? "Nothing fits" : `Shown: ${plural(findings, "finding")} of ${plural(rules, "rule")}`) +
      (beyond > 0 ? `; ${beyond.toLocaleString("en")} more are not on this page` : "");
    return want;
  }

  function remember(want) {
    const fragment = new URLSearchParams(want).toString();
    const address = location.href.split("#")[0] + (fragment ? `#${fragment}` : "");
    try {
      history.replaceState(null, "", address);
    } catch {
      location.hash = fragment;
    }
  }

  function reveal(element) {
    if (!element) return;
    for (let at = element; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (element.closest("[hidden]")) {
      clear();
      apply();
    }
    element.scrollIntoView();
  }

  /// A fragment is either a filter ("verdict=fail&q=ada") or an anchor.
  function follow() {
    const fragment = location.hash.slice(1);
    if (fragment.includes("=")) {
      const given = new URLSearchParams(fragment);
      for (const name of names) {
        const field = form.elements[name];
        if (!field) continue;
        field.value = given.get(name) ?? "";
        if (field.selectedIndex === -1) field.value = "";
      }
      apply();
      document.getElementById("findings").scrollIntoView();
    } else if (fragment) {
      reveal(document.getElementById(decodeURIComponent(fragment)));
    }
  }

  async function copy(button, anchor) {
    const address = `${location.href.split("#")[0]}#${anchor}`;
    let isDone = true;
    try {
      await navigator.clipboard.writeText(address);
    } catch {
      const field = document.createElement("textarea");
      field.value = address;
      document.body.append(field);
      field.select();
      isDone = document.execCommand("copy");
      field.remove();
      button.focus();
    }
    button.textContent = isDone ? "copied" : "not copied";
    setTimeout(() => (button.textContent = "copy link"), 2000);
  }

  function addCopy(after, anchor, name) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "copy link";
    button.setAttribute("aria-label", `copy link to ${name}`);
    button.addEventListener("click", () => copy(button, anchor));
    after.after(" ", button);
  }

  function prepare(section) {
    if (section.prepared) return;
    section.prepared = true;
    addCopy(section.element.querySelector(".permalink"), section.element.id, "this rule");
    for (const row of section.rows) {
      const link = row.element.querySelector("th a");
      addCopy(link, row.element.id, link.textContent);
    }
  }

  for (const section of sections) section.element.addEventListener("toggle", () => section.element.open && prepare(section));
  for (const section of sections) if (section.element.open) prepare(section);

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const element of opened) element.open = true;
  });
  addEventListener("afterprint", () => {
    for (const element of opened) element.open = false;
  });

  if (!form) return;
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    remember(apply());
  });
  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => remember(apply()), 120);
  });
  form.addEventListener("reset", () => setTimeout(() => remember(apply()), 0));
  for (const [name, isOpen] of [["open", true], ["close", false]])
    form.elements[name].addEventListener("click", () => {
      for (const section of sections) if (!section.element.hidden) section.element.open = isOpen;
    });
  for (const cell of document.querySelectorAll("th[data-filter]")) {
    const field = form.elements[cell.dataset.filter];
    if (!field || ![...field.options].some((option) => option.value === cell.dataset.value)) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "show";
    button.textContent = "show findings";
    button.setAttribute("aria-label", `show findings of ${cell.dataset.value}`);
    button.addEventListener("click", () => {
      clear();
      field.value = cell.dataset.value;
      remember(apply());
      document.getElementById("findings").scrollIntoView();
    });
    cell.append(" ", button);
  }
  addEventListener("hashchange", follow);
  apply();
  follow();
})();
