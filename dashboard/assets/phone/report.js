/** What a phone with scripts adds to the report's plain form: a search for the category, the position, one sending. */

const form = document.querySelector("#report");
const words = JSON.parse(form.dataset.words);
const say = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

findCategories(form.querySelector(".find"), form.elements.category);
offerPosition(form.querySelector(".here"), form.querySelector(".here-word"), form.querySelector(".area"));
form.addEventListener("submit", () => {
  const button = form.querySelector(".go");
  button.disabled = true;
  button.textContent = say("sending");
});

/** Typing narrows the list; the group's name finds its leaves too. */
function findCategories(field, select) {
  const groups = [...select.querySelectorAll("optgroup")].map((group) => ({ group, leaves: [...group.children] }));
  field.hidden = false;
  field.addEventListener("input", () => {
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
  });
}

/** The browser gives positions only to pages it trusts (https or this machine); elsewhere the grid is chosen. */
function offerPosition(button, word, area) {
  if (!navigator.geolocation || !isSecureContext) {
    word.textContent = say("here_none");
    return;
  }
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
    form.elements.longitude.value = longitude;
    form.elements.latitude.value = latitude;
    area.hidden = accuracy !== null;
    button.textContent = say(accuracy === null ? "here" : "here_clear");
    word.textContent = accuracy === null ? "" : say("here_found", { n: Math.round(accuracy) });
  }
}
