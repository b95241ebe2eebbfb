// What pages do beside their forms: passkeys, progress without reloading, how what is typed is read,
// files that are dropped.
// Every page works without this, save passkeys and keys that the browser keeps.

const forms = (root, query) => [...root.querySelectorAll(query)];

// --- Passkeys

async function signed(section, form) {
  const asked = await fetch(section.dataset.passkey, {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ token: form.elements.token.value }),
  });
  if (asked.status === 403) location.assign("/confirm");  // it was shown too long ago who it is
  if (!asked.ok || asked.redirected) throw new Error("not asked");
  const options = await asked.json();
  const made = "create" in section.dataset
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  return JSON.stringify(made.toJSON());
}

for (const section of forms(document, "[data-passkey]")) {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) continue;
  section.hidden = false;
  const form = document.getElementById(section.dataset.for);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const failed = form.querySelector("[role=alert]");
    failed.hidden = true;
    try {
      form.querySelector("[data-answer]").value = await signed(section, form);
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
}

// --- How far a list is

function barOf(list, peer) {
  const held = list.querySelector(`[data-peer="${CSS.escape(peer)}"]`);
  if (held) return held;
  const item = document.createElement("li");
  const label = document.createElement("label");
  item.dataset.peer = peer;
  label.append(peer, " ", document.createElement("progress"));
  item.append(label, " ", document.createElement("span"));
  list.append(item);
  return item;
}

for (const section of forms(document, "[data-progress]")) {
  const source = new EventSource(section.dataset.progress);
  source.onmessage = (event) => {
    const said = JSON.parse(event.data);
    // Where other lists are before it, the page says so: it is loaded again when one is done.
    if (said.state !== "waiting" || String(said.before) !== section.dataset.before) {
      source.close();
      location.reload();
      return;
    }
    const list = section.querySelector("ul");
    for (const { peer, answered, asked } of said.progress) {
      const item = barOf(list, peer);
      const bar = item.querySelector("progress");
      const words = list.dataset.words.replace("{answered}", answered).replace("{asked}", asked);
      bar.max = asked;
      bar.value = answered;
      bar.textContent = words;
      item.querySelector("span").textContent = words;
    }
  };
}

// --- How what is typed about somebody is read, before anybody is asked

for (const shown of forms(document, "[data-typed]")) {
  const form = shown.closest("form");
  const look = async () => {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(shown.dataset.typed, { method: "POST", body });
    if (answer.ok) shown.innerHTML = await answer.text();
  };
  for (const name of ["who", "handle"]) form.elements[name].addEventListener("change", look);
}

// --- Files that are dropped

for (const field of forms(document, ".drop")) {
  const input = field.querySelector("input[type=file]");
  field.addEventListener("dragover", (event) => event.preventDefault());
  field.addEventListener("drop", (event) => {
    event.preventDefault();
    input.files = event.dataTransfer.files;
  });
}

// --- An officer's key that this browser keeps: made here, never to be read, only to sign

const bytesOf = (text) => new TextEncoder().encode(text);
const joined = (...parts) => new Uint8Array(parts.flatMap((part) => [...part]));
const sha256 = async (data) => new Uint8Array(await crypto.subtle.digest("SHA-256", data));
const hex = (data) => [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const base64url = (data) =>
  btoa(String.fromCharCode(...data)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const fromBase64url = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
const jsonOf = (data) => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));

function kept(mode, work) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("comity", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const asked = work(opening.result.transaction("keys", mode).objectStore("keys"));
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    };
  });
}

for (const form of forms(document, "[data-make-key]")) {
  form.hidden = false;
  form.querySelector("[data-make]").addEventListener("click", async () => {
    const failed = form.querySelector("[role=alert]");
    failed.hidden = true;
    try {
      const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
      const name = base64url(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
      await navigator.storage?.persist?.();
      await kept("readwrite", (keys) => keys.put(pair.privateKey, name));
      form.elements.public_key.value = name;
      form.querySelector("[data-made]").hidden = false;
      form.elements.public_key.focus();
    } catch {
      failed.hidden = false;
    }
  });
}

// --- Signing a decision, after all of its sheet was computed anew that SHA-256 and Ed25519 can

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

const printable = (text) =>
  text.replace(/[^\x20-\x7e]|\\/gu, (char) => `\\u{${char.codePointAt(0).toString(16)}}`);

const require = (holds, why) => {
  if (!holds) throw new Error(why);
};

async function entriesOf(sheet) {
  const found = new Map();
  for (const text of sheet.entries) {
    const data = fromBase64url(text);
    found.set(base64url(await sha256(joined([0], data))), jsonOf(data).decision);
  }
  return found;
}

function statementOf(entries, leaf, log) {
  const said = entries.get(leaf);
  require(said && (said.log ?? leaf) === log, "a statement of the log is missing");
  return said;
}

function communityOf(entries, leaf, log) {
  const said = statementOf(entries, leaf, log);
  require(said.type === "community", "the log’s statement about the community is missing");
  return said.community;
}

function attestingOf(entries, decided, log) {
  for (let item = decided; ;) {
    const statement = statementOf(entries, item.after, log);
    item = statement.items?.find(({ id }) => id === decided.id);
    require(item, "a statement about another attestation");
    if (statement.type === "attest") return [statement, item];
  }
}

async function disclosedOf(shown, attested, issuer) {
  const where = `the attestation ${attested.id}`;
  require(base64url(await sha256(bytesOf(shown.jwt))) === attested.jwt, `${where} is another one`);
  const [header, payload, signature] = shown.jwt.split(".");
  const key = await crypto.subtle.importKey("raw", fromBase64url(issuer), "Ed25519", false, ["verify"]);
  const signed = bytesOf(`${header}.${payload}`);
  const holds = await crypto.subtle.verify("Ed25519", key, fromBase64url(signature), signed);
  require(holds, `the signature of ${where} does not hold`);
  const claims = jsonOf(fromBase64url(payload));
  require(claims.jti === attested.id, `${where} has another id`);
  const digests = new Set([...claims._sd, ...claims.subject.map((each) => each["..."])]);
  const lines = [];
  for (const text of shown.disclosures) {
    require(digests.delete(base64url(await sha256(bytesOf(text)))), `something beside ${where} is not of it`);
    const said = jsonOf(fromBase64url(text)).slice(1);
    lines.push(said.length === 1 ? ["identifier", said[0]] : said);
  }
  for (const seed of shown.decoys) {
    const decoy = await sha256(bytesOf(`comity:decoy:v1:${seed}`));
    require(digests.delete(base64url(decoy)), `a decoy is not of ${where}`);
  }
  require(digests.size === 0, `${where} names somebody who is not shown`);
  for (const name of ["measure", "scope", "in_force_from", "ends_on"]) lines.push([name, claims[name]]);
  return lines;
}

async function linesOf({ decision, attestations }, entries) {
  const lines = [["decides", decision.type], ["on", decision.on]];
  for (const [place, item] of (decision.items ?? []).entries()) {
    const [statement, attested] = decision.type === "attest"
      ? [decision, item] : attestingOf(entries, item, decision.log);
    const issuer = communityOf(entries, statement.after, decision.log).keys.issue;
    const { jwt, seal, after, measure, ...said } = item;
    if (measure !== undefined) said["measure in the log"] = measure;
    lines.push(...Object.entries(said));
    lines.push(...await disclosedOf(attestations[place], attested, issuer));
  }
  lines.push(...Object.entries(decision.community ?? {}));
  return lines.map(([name, value]) =>
    `${printable(name)}: ${printable(typeof value === "string" ? value : JSON.stringify(value))}`);
}

async function readSheet(section, form) {
  const answer = await fetch(section.dataset.sign, {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ token: form.elements.token.value }),
  });
  require(answer.ok && !answer.redirected, "the sheet was not given");
  const sheet = await answer.json();
  const decision = bytesOf(canonical(sheet.decision));
  const hash = await sha256(decision);
  require(hex(hash) === section.dataset.decision, "this is another decision");
  const entries = await entriesOf(sheet);
  const community = communityOf(entries, sheet.decision.after, sheet.decision.log);
  const officers = community.officers.map(({ key }) => key);
  require(officers.includes(section.dataset.key), "your key is none of an officer in the log");
  return { decision, hash, lines: await linesOf(sheet, entries) };
}

async function voteOf(kind, read, key, officer) {
  const said = kind === "approve" ? read.decision : read.hash;
  const signed = joined(bytesOf(`comity:${kind}:v1\n`), said);
  const sig = base64url(new Uint8Array(await crypto.subtle.sign("Ed25519", key, signed)));
  return canonical({ v: 1, decision: base64url(read.hash), kind, officer, sig });
}

for (const section of forms(document, "[data-sign]")) {
  section.hidden = false;
  const form = section.querySelector("form");
  const officer = section.dataset.key;
  const key = await kept("readonly", (keys) => keys.get(officer)).catch(() => undefined);
  form.hidden = !key;
  section.querySelector("[data-missing]").hidden = Boolean(key);
  let read;
  const trying = async (work) => {
    const failed = form.querySelector("[role=alert]");
    failed.hidden = true;
    try {
      await work();
    } catch (error) {
      form.querySelector("[data-why]").textContent = error.message;
      failed.hidden = false;
    }
  };
  form.querySelector("[data-check]").addEventListener("click", () => trying(async () => {
    form.querySelector("[data-checked]").hidden = true;
    read = undefined;
    read = await readSheet(section, form);
    form.querySelector("[data-hash]").textContent = hex(read.hash);
    form.querySelector("[data-lines]").textContent = read.lines.join("\n");
    form.querySelector("[data-checked]").hidden = false;
    form.querySelector("[data-lines]").focus();
  }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    trying(async () => {
      require(read, "look at it first");
      form.elements.signed.value = await voteOf(event.submitter.value, read, key, officer);
      form.submit();
    });
  });
}

// --- What is wrong with a form is read first

document.getElementById("errors")?.focus();
