// What pages do beside their forms: passkeys, progress without reloading, files that are dropped.
// Every page works without this, save passkeys.

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

for (const section of forms(document, "[data-progress]")) {
  const source = new EventSource(section.dataset.progress);
  source.onmessage = (event) => {
    const said = JSON.parse(event.data);
    if (said.state !== "waiting") {
      source.close();
      location.reload();
      return;
    }
    const list = section.querySelector("ul");
    for (const each of said.progress ?? []) {
      let bar = list.querySelector(`[data-peer="${CSS.escape(each.peer)}"] progress`);
      if (!bar) {
        const item = document.createElement("li");
        const label = document.createElement("label");
        bar = document.createElement("progress");
        item.dataset.peer = each.peer;
        label.append(each.peer, " ", bar);
        item.append(label);
        list.append(item);
      }
      bar.max = each.asked;
      bar.value = each.answered;
    }
  };
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

// --- What is wrong with a form is read first

document.getElementById("errors")?.focus();
