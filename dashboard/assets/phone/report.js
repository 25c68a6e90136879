/** The report's form on a phone with scripts: a search for the category, the position, a smaller photo. */

const LONGEST = 2048; // pixels: the server keeps no more
const ROUGH = 150; // metres: a position no better than this may lie in another grid
const BIG = 800_000; // bytes from which a photo is made smaller before it is kept

/** @param say words; add: takes the entry to be sent; county: county time now, ISO 8601. */
export function startReport(form, say, { add, county }) {
  findCategories(form.querySelector(".find"), form.elements.category);
  const place = offerPosition(form, say);
  const spot = form.querySelector(".spot-note");
  const settle = form.elements.settle;
  const showSpot = () => {
    spot.hidden = !settle.checked;
    form.elements.settle_note.required = settle.checked;
  };
  settle.addEventListener("change", showSpot);
  showSpot();

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector(".go");
    button.disabled = true;
    try {
      await add(await entryOf(form, county, place.accuracy()));
      form.reset();
      form.elements.category.value = "";
      place.clear();
      showSpot();
    } finally {
      button.disabled = false;
    }
  });

  /** Take a refused entry back into the form. */
  return function mend(entry) {
    form.reset();
    place.clear();
    const find = form.querySelector(".find");
    find.value = "";
    find.dispatchEvent(new Event("input")); // every category is there again
    form.elements.category.value = entry.body.category;
    form.elements.description.value = entry.body.description;
    if (entry.body.area) form.elements.area.value = entry.body.area;
    form.elements.address.value = entry.body.address ?? "";
    if (entry.body.longitude !== undefined) place.set(entry.body.longitude, entry.body.latitude, entry.accuracy ?? 0);
    settle.checked = entry.settle !== null;
    form.elements.settle_note.value = entry.settle ?? "";
    showSpot();
    if (entry.photo) putPhoto(form.elements.file, entry.photo);
    form.scrollIntoView();
  };
}

function putPhoto(input, photo) {
  const box = new DataTransfer();
  box.items.add(new File([photo], photo.name ?? "photo.jpg", { type: photo.type }));
  input.files = box.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

async function entryOf(form, county, accuracy) {
  const field = (name) => form.elements[name].value.trim();
  const body = { category: field("category"), description: field("description"), happened_at: county() };
  if (field("address")) body.address = field("address");
  if (form.elements.longitude.value) {
    body.longitude = Number(form.elements.longitude.value);
    body.latitude = Number(form.elements.latitude.value);
  } else if (field("area")) body.area = field("area");
  const settle = form.elements.settle.checked ? field("settle_note") : null;
  return { kind: "report", title: body.description, body, accuracy, settle, photo: await smaller(form.elements.file.files[0]) };
}

/** A photo of at most 2,048 pixels, so that a weak network carries it; as it is where the browser cannot. */
export async function smaller(file) {
  if (!file || file.size < BIG) return file ?? null;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const made = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.86));
    return made ?? file;
  } catch {
    return file;
  }
}

/** Typing narrows the list; the group's name finds its leaves too. */
function findCategories(field, select) {
  const groups = [...select.querySelectorAll("optgroup")].map((group) => ({ group, leaves: [...group.children] }));
  field.hidden = false;
  field.form.addEventListener("reset", () => setTimeout(narrow));
  field.addEventListener("input", narrow);

  function narrow() {
    const wanted = field.value.trim().toLowerCase();
    let first = null;
    for (const { group, leaves } of groups) {
      const whole = group.label.toLowerCase().includes(wanted);
      const found = leaves.filter((leaf) => whole || leaf.textContent.toLowerCase().includes(wanted));
      group.replaceChildren(...found);
      group.hidden = !found.length;
      first ??= found[0];
    }
    if (wanted && first && !select.selectedOptions[0]?.isConnected) select.value = "";
  }
}

/** The browser gives positions only to pages it trusts (https or this machine); elsewhere the grid is chosen. */
function offerPosition(form, say) {
  const [button, word, area] = [".here", ".here-word", ".area"].map((name) => form.querySelector(name));
  if (!navigator.geolocation || !isSecureContext) {
    word.textContent = say("here_none");
    return { clear() {}, set() {}, accuracy: () => null };
  }
  let known = null;
  button.hidden = false;
  button.addEventListener("click", () => {
    if (form.elements.longitude.value) return setPosition("", "", null);
    word.textContent = say("here_finding");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => setPosition(coords.longitude, coords.latitude, coords.accuracy),
      () => (word.textContent = say("here_failed")),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000 },
    );
  });

  function setPosition(longitude, latitude, accuracy) {
    known = accuracy;
    form.elements.longitude.value = longitude;
    form.elements.latitude.value = latitude;
    area.hidden = accuracy !== null;
    button.textContent = say(accuracy === null ? "here" : "here_clear");
    word.textContent = accuracy === null ? "" : say(accuracy > ROUGH ? "here_rough" : "here_found", { n: Math.round(accuracy) });
  }

  return { clear: () => setPosition("", "", null), set: setPosition, accuracy: () => known };
}
