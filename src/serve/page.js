// The page of `bpekit serve`: what is typed goes to the server on this machine, and what it answers
// is shown. A side is one of the two tokenizers.

const find = (id) => document.getElementById(id);
const numbers = new Intl.NumberFormat("en");
const plural = (count, one) => `${numbers.format(count)} ${one}${count === 1 ? "" : "s"}`;

/** Asks the server; an answer that says no is thrown as an error with its members. */
async function ask(path, parameters, body, method = "POST") {
  const query = new URLSearchParams(parameters);
  let response;
  try {
    response = await fetch(`${path}?${query}`, { method, body });
  } catch {
    throw new Error("the server does not answer; was it ended?");
  }
  const text = await response.text();
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    answer = { error: text };
  }
  if (!response.ok) {
    throw Object.assign(new Error(answer.error), answer);
  }
  return answer;
}

const HINT = "or drop the files of a tokenizer here";

/** One tokenizer: choosing it, its tokens, and writing it in another format. */
class Side {
  constructor(title, start) {
    this.key = null;
    this.files = null;
    this.asked = 0;
    const section = find("side").content.firstElementChild.cloneNode(true);
    section.setAttribute("aria-label", title);
    // Ids are those of the template with the name of the side, so that labels find them.
    this.part = {};
    for (const element of section.querySelectorAll("[data-id]")) {
      this.part[element.dataset.id] = element;
      element.id = `${title.toLowerCase()}-${element.dataset.id}`;
    }
    for (const label of section.querySelectorAll("[data-for]")) {
      label.htmlFor = `${title.toLowerCase()}-${label.dataset.for}`;
    }
    section.querySelector("label").textContent = title;
    this.part.hint.textContent = HINT;
    this.part.tokens.setAttribute("aria-label", `Tokens, ${title.toLowerCase()}`);
    this.part.ids.setAttribute("aria-label", `Token ids, ${title.toLowerCase()}`);
    this.section = section;
    this.fillChoices(start);
    this.listen();
    find("sides").append(section);
  }

  fillChoices(start) {
    this.part.names.append(new Option("no tokenizer", ""));
    for (const name of start.names) {
      this.part.names.append(new Option(name, name));
    }
    for (const format of start.formats) {
      this.part.format.append(new Option(`${format.name}: ${format.title}`, format.name));
    }
  }

  listen() {
    const { names, browse, files, convert, copy } = this.part;
    names.addEventListener("change", () => {
      const option = names.selectedOptions[0];
      if (option.value === "") {
        this.close();
      } else if (option.dataset.key) {
        this.use(this.held, true);
      } else {
        this.open({ name: option.value });
      }
    });
    browse.addEventListener("click", () => files.click());
    files.addEventListener("change", () => {
      this.openFiles([...files.files].map((file) => ({ name: file.name, file })));
      // So that the same files, changed, can be chosen again.
      files.value = "";
    });
    this.part["pattern-form"].addEventListener("submit", (event) => {
      event.preventDefault();
      this.openFiles(this.files, this.part.pattern.value.trim());
    });
    convert.addEventListener("click", () => this.convert([]));
    copy.addEventListener("click", () => navigator.clipboard.writeText(this.part.ids.textContent));
    this.section.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.section.classList.add("over");
    });
    this.section.addEventListener("dragleave", () => this.section.classList.remove("over"));
    this.section.addEventListener("drop", (event) => {
      event.preventDefault();
      this.section.classList.remove("over");
      dropped(event.dataTransfer).then((found) => this.openFiles(found));
    });
  }

  openFiles(files, pattern = "") {
    if (files.length === 0) {
      return;
    }
    this.files = files;
    const list = JSON.stringify(files.map(({ name, file }) => [name, file.size]));
    this.open({ files: list, pattern }, new Blob(files.map(({ file }) => file)));
  }

  async open(parameters, body) {
    const number = ++this.asked;
    const { hint } = this.part;
    hint.textContent = "opening…";
    try {
      const opened = await ask("/api/open", parameters, body);
      // Another may have been chosen meanwhile.
      if (number === this.asked) {
        this.use(opened, "files" in parameters);
      }
    } catch (error) {
      if (number === this.asked) {
        this.fail(error.message);
        this.part["pattern-form"].hidden = !error.needs_pattern;
        this.part.names.value = this.key === null ? "" : this.chosen;
      }
    }
    if (number === this.asked) {
      hint.textContent = HINT;
    }
  }

  /** Shows an open tokenizer, chosen in the list; one of a file is added there. */
  use(opened, isFile) {
    this.key = opened.key;
    const { names } = this.part;
    if (isFile) {
      names.querySelector("[data-key]")?.remove();
      const option = new Option(opened.title, `file ${opened.title}`);
      option.dataset.key = opened.key;
      names.append(option);
      this.held = opened;
      this.chosen = option.value;
    } else {
      this.chosen = opened.title;
    }
    names.value = this.chosen;
    this.fail(opened.warnings.join("\n"));
    this.part["pattern-form"].hidden = true;
    this.part.converted.replaceChildren();
    const facts = [
      ["Tokens", numbers.format(opened.tokens)],
      ["Added tokens", numbers.format(opened.added_tokens)],
      ["Ids", `below ${numbers.format(opened.n_vocab)}`],
      ...opened.facts,
    ];
    this.part.facts.replaceChildren(
      ...facts.flatMap(([name, value]) => [element("dt", name), element("dd", value)]),
    );
    refresh();
  }

  close() {
    this.asked++;
    this.key = null;
    this.part.hint.textContent = HINT;
    this.fail("");
    this.part.open.hidden = true;
    refresh();
  }

  fail(message) {
    this.part.error.textContent = message;
  }

  /** Draws what the tokenizer makes of the text. */
  draw(shown) {
    this.part.open.hidden = false;
    if (shown.error) {
      this.fail(shown.error);
      shown = { tokens: 0, html: "", ids: [] };
    }
    this.part.count.textContent = plural(shown.tokens, "token");
    const ratio = shown.bytes_per_token;
    this.part.ratio.textContent = ratio ? `${ratio.toFixed(2)} bytes a token` : "";
    // Made by the server, with every character of the text escaped.
    this.part.tokens.innerHTML = shown.html;
    this.part.ids.textContent = shown.ids.join(" ");
    const drawn = shown.ids.length;
    this.part.cut.textContent =
      drawn < shown.tokens ? `The first ${numbers.format(drawn)} are shown; all are counted.` : "";
  }

  async convert(allowed) {
    const { converted, format } = this.part;
    const key = this.key;
    converted.replaceChildren(element("p", "converting and checking…"));
    try {
      const parameters = { key, to: format.value, allow_loss: allowed.join(",") };
      const report = await ask("/api/convert", parameters);
      if (key === this.key) {
        converted.replaceChildren(...this.reported(report));
      }
    } catch (error) {
      if (key === this.key) {
        converted.replaceChildren(...this.refused(error));
      }
    }
  }

  reported(report) {
    const proof = report.verified?.kind === "equal" ? "shown for every text" : "not shown for every text";
    const aside = report.verdict === "exact" ? "" : ", leaving aside what is lost";
    const checked = `${plural(report.checked_texts, "text")} encode to the same ids${aside}; ${proof}.`;
    const links = report.files.map((file) => {
      const path = `/api/files/${report.number}/${encodeURIComponent(file.name)}`;
      const link = element("a", file.name);
      link.href = path;
      // A browser puts a file into one folder, whatever the path below a directory.
      link.download = file.name.split("/").pop();
      const item = element("li", ` ${plural(file.bytes, "byte")}`);
      item.prepend(link);
      return item;
    });
    return [element("p", checked), ...lossList(report.losses), list(links)];
  }

  refused(error) {
    const parts = [element("p", error.message)];
    parts[0].className = "error";
    const needed = (error.losses ?? []).filter((loss) => loss.changes_ids).map((loss) => loss.part);
    if (needed.length > 0) {
      const button = element("button", `Convert without ${needed.join(", ")}`);
      button.type = "button";
      button.addEventListener("click", () => this.convert(needed));
      parts.push(button);
    }
    return parts;
  }
}

/** What a tokenizer's directory may hold beside the model, which is too large to send. */
const PARTS = /\.(json|jinja|txt|model|tiktoken|tmpl)(\.gz|\.zst)?$/;

/** The files that were dropped, those of directories with their paths below it. */
async function dropped(transfer) {
  // Must be asked for before the first await: the transfer is emptied then.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
  if (entries.length === 0) {
    return [...transfer.files].map((file) => ({ name: file.name, file }));
  }
  const found = [];
  const visit = async (entry, path) => {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      found.push({ name: path + entry.name, file });
      return;
    }
    const reader = entry.createReader();
    const below = entries.includes(entry) ? "" : `${path}${entry.name}/`;
    // A reader gives a hundred at a time, and none at the end.
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) {
        return;
      }
      for (const inner of some) {
        if (inner.isFile ? PARTS.test(inner.name) : below === "") {
          await visit(inner, below);
        }
      }
    }
  };
  for (const entry of entries) {
    await visit(entry, "");
  }
  return found;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function list(items) {
  const made = document.createElement("ul");
  made.append(...items);
  return made;
}

function lossList(losses) {
  const items = losses.map((loss) => element("li", `${loss.part}: ${loss.detail}`));
  return items.length > 0 ? [element("p", "Lost:"), list(items)] : [];
}

let sides = [];
let isAsking = false;
let isStale = false;

/** Shows the text anew. One question is on its way at a time; what is typed meanwhile is asked once
 * the answer is there. */
async function refresh() {
  isStale = true;
  if (isAsking) {
    return;
  }
  isAsking = true;
  while (isStale) {
    isStale = false;
    await showText();
  }
  isAsking = false;
}

async function showText() {
  const open = sides.filter((side) => side.key !== null);
  const keys = open.map((side) => side.key);
  const yes = (id) => (find(id).checked ? "yes" : "no");
  if (open.length === 0) {
    find("comparison").textContent = "";
    return;
  }
  try {
    const parameters = { keys: keys.join(","), special: yes("special"), frame: yes("frame") };
    const shown = await ask("/api/show", parameters, find("text").value);
    open.forEach((side, at) => {
      if (side.key === keys[at]) {
        side.draw(shown.sides[at]);
      }
    });
    find("size").textContent = `${plural(shown.characters, "character")}, ${plural(shown.bytes, "byte")}`;
    find("comparison").textContent = compared(shown);
  } catch (error) {
    open.forEach((side) => side.fail(error.message));
  }
}

/** How the two sides compare, in words. */
function compared({ comparison, sides: [left, right] }) {
  if (!comparison || left.tokens + right.tokens === 0) {
    return "";
  }
  if (comparison.same_ids) {
    return "Both give the same ids.";
  }
  if (comparison.same_tokens) {
    return "Both give the same tokens, with other ids.";
  }
  const more = (right.tokens / left.tokens - 1) * 100;
  const size = `${Math.abs(more).toFixed(1)} % ${more < 0 ? "fewer" : "more"} tokens on the right`;
  const count = right.tokens === left.tokens ? "As many tokens on both sides" : size;
  const ends = comparison.common_ends;
  return ends === null ? `${count}.` : `${count}; ${plural(ends, "token")} end at the same place.`;
}

async function main() {
  const start = await ask("/api/start", {}, undefined, "GET");
  find("version").textContent = `Version ${start.version}.`;
  for (const name of start.patterns) {
    find("patterns").append(new Option(name, name));
  }
  sides = ["Left", "Right"].map((title) => new Side(title, start));
  find("text").value = "Tokens of a text: cat, 12345, naïve, привет, 日本語, 👩‍🚀";
  for (const id of ["text", "special", "frame"]) {
    find(id).addEventListener("input", refresh);
  }
  find("text").addEventListener("drop", async (event) => {
    const [file] = event.dataTransfer.files;
    if (file) {
      event.preventDefault();
      find("text").value = await file.text();
      refresh();
    }
  });
  // A file that misses its place must not replace the page.
  for (const name of ["dragover", "drop"]) {
    document.addEventListener(name, (event) => {
      if (event.target !== find("text")) {
        event.preventDefault();
      }
    });
  }
  start.first.forEach((opened, at) => sides[at].use(opened, !start.names.includes(opened.title)));
}

main().catch((error) => {
  find("comparison").textContent = error.message;
});
