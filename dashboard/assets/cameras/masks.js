/**
 * The mask editor: polygons over a masked picture of the camera, by pointer and by keyboard. Corners are shares of the
 * picture. A save is answered when the new masks are in force: from then on nobody is sent a picture without them.
 *
 * Pointer: click sets a corner, a click on the first corner closes the mask, corners can be dragged. Keyboard: arrows move
 * the cross (with Shift further), Enter sets a corner or takes up the one under the cross, C closes the mask, Delete
 * removes the chosen mask, Ctrl+Z undoes.
 */
import { post, wordsOf } from "../desk/post.js";
import { el, setText, svg } from "../ui/dom.js";
import { aboutOf, button, field } from "./page.js";

const NEAR = 0.018;
const STEP = 0.005;
const FAR = 0.05;

/** The state of the drawing: masks, the one being drawn, and what it was before each step. Pure but for itself. */
export function makeDrawing(masks) {
  const state = { masks: masks.map(copy), open: [], chosen: -1 };
  const past = [];
  const keep = () => past.push({ masks: state.masks.map(copy), open: copy(state.open), chosen: state.chosen });

  return {
    state,
    get changed() {
      return past.length > 0;
    },
    corner(point) {
      keep();
      state.open.push(clamped(point));
    },
    close() {
      if (state.open.length < 3) return false;
      keep();
      state.masks.push(state.open);
      state.chosen = state.masks.length - 1;
      state.open = [];
      return true;
    },
    /** Take up a corner: [mask, corner], or null where none is near. */
    grip(point) {
      for (let mask = state.masks.length - 1; mask >= 0; mask -= 1) {
        const corner = state.masks[mask].findIndex((at) => near(at, point));
        if (corner >= 0) return [mask, corner];
      }
      return null;
    },
    begin() {
      keep();
    },
    move([mask, corner], point) {
      state.masks[mask][corner] = clamped(point);
      state.chosen = mask;
    },
    choose(index) {
      state.chosen = index;
    },
    remove() {
      if (state.open.length) {
        keep();
        state.open = [];
      } else if (state.masks[state.chosen]) {
        keep();
        state.masks.splice(state.chosen, 1);
        state.chosen = -1;
      }
    },
    undo() {
      const before = past.pop();
      if (before) Object.assign(state, before);
    },
  };
}

const copy = (points) => points.map((point) => [...point]);
const clamped = ([x, y]) => [Math.min(1, Math.max(0, x)), Math.min(1, Math.max(0, y))];
const near = ([ax, ay], [bx, by]) => Math.abs(ax - bx) < NEAR && Math.abs(ay - by) < NEAR * 1.5;

export function start(root) {
  const say = wordsOf(root);
  const about = aboutOf(root);
  const stage = root.querySelector(".mask-stage");
  const side = root.querySelector(".mask-side");
  const drawing = makeDrawing(about.masks ?? []);
  const picture = el("img", { class: "mask-picture", alt: "", draggable: "false" });
  const sheet = svg("svg", { class: "mask-sheet", viewBox: "0 0 1000 1000", preserveAspectRatio: "none" });
  const veil = el("p", { class: "mask-veil" }, say("watching.masks.load"));
  const word = el("p", { class: "form-word", role: "status", "aria-live": "polite" });
  const list = el("ol", { class: "mask-list" });
  const note = field("note", say("watching.masks.note"), "", { maxlength: 200 });
  let cross = [0.5, 0.5];
  let held = null;
  let version = about.version;
  let address = null;

  const undo = button(say("watching.masks.undo"), () => change(() => drawing.undo()), { "data-act": "undo" });
  const remove = button(say("watching.masks.delete"), () => change(() => drawing.remove()), { "data-act": "delete" });
  const finish = button(say("watching.masks.finish"), () => change(() => drawing.close()), { "data-act": "finish" });
  const confirm = el("input", { type: "checkbox", name: "confirm" });
  const save = button(say("watching.masks.save"), saved, { class: "tool tool-go", "data-act": "save" });
  stage.append(picture, sheet, veil);
  side.append(
    el("p", { class: "faint" }, say("watching.masks.draw")), list,
    el("div", { class: "mask-buttons" }, finish, undo, remove), note,
    el("label", { class: "check" }, confirm, el("span", {}, say("watching.masks.confirm"))), save, word,
    el("p", { class: "faint mask-keys" }, say("watching.masks.keys")),
  );

  stage.addEventListener("pointerdown", down);
  stage.addEventListener("pointermove", move);
  stage.addEventListener("pointerup", () => { held = null; });
  stage.addEventListener("keydown", key);
  draw();
  load();

  function at(event) {
    const box = sheet.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  function down(event) {
    if (event.button !== 0) return;
    stage.focus();
    const point = at(event);
    cross = clamped(point);
    change(() => {
      if (drawing.state.open.length > 2 && near(drawing.state.open[0], point)) drawing.close();
      else if (!drawing.state.open.length && (held = drawing.grip(point))) {
        drawing.begin();
        stage.setPointerCapture?.(event.pointerId);
      } else drawing.corner(point);
    });
  }

  function move(event) {
    if (!held) return;
    drawing.move(held, at(event));
    draw();
  }

  function key(event) {
    const step = event.shiftKey ? FAR : STEP;
    const ways = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (ways[event.key]) change(() => steer(ways[event.key]));
    else if (event.key === "Enter") change(enter);
    else if (event.key === "c" || event.key === "C") change(() => drawing.close());
    else if (event.key === "Delete" || event.key === "Backspace") change(() => drawing.remove());
    else if (event.key === "z" && (event.ctrlKey || event.metaKey)) change(() => drawing.undo());
    else return;
    event.preventDefault();
  }

  function steer([x, y]) {
    cross = clamped([cross[0] + x, cross[1] + y]);
    if (held) drawing.move(held, cross);
  }

  function enter() {
    if (held) held = null;
    else if (drawing.state.open.length > 2 && near(drawing.state.open[0], cross)) drawing.close();
    else if (!drawing.state.open.length && (held = drawing.grip(cross))) drawing.begin();
    else drawing.corner(cross);
  }

  function change(deed) {
    deed();
    draw();
  }

  function draw() {
    const { masks, open, chosen } = drawing.state;
    const shapes = masks.map((mask, index) =>
      svg("polygon", { class: "mask-shape", points: spots(mask), "data-chosen": index === chosen ? "yes" : null }));
    const corners = [...masks.flat(), ...open].map(([x, y]) => svg("ellipse", { class: "mask-corner", cx: x * 1000, cy: y * 1000, rx: 5, ry: 8 }));
    const line = open.length ? [svg("polyline", { class: "mask-open", points: spots(open) })] : [];
    const [x, y] = cross.map((share) => share * 1000);
    const mark = svg("path", { class: "mask-cross", d: `M${x - 14} ${y}H${x + 14}M${x} ${y - 22}V${y + 22}` });
    sheet.replaceChildren(...shapes, ...line, ...corners, mark);
    list.replaceChildren(...masks.map((mask, index) => item(mask, index, chosen)));
    if (!masks.length) list.append(el("li", { class: "faint" }, say("watching.masks.none")));
    undo.disabled = !drawing.changed;
    remove.disabled = !open.length && chosen < 0;
    finish.disabled = open.length < 3;
  }

  function item(mask, index, chosen) {
    const words = `${say("watching.masks.mask", { n: index + 1 })} · ${say("watching.masks.corners", { n: mask.length })}`;
    const pick = el("button", { type: "button", class: "mask-pick", "aria-pressed": String(index === chosen) }, words);
    pick.addEventListener("click", () => change(() => drawing.choose(index)));
    return el("li", {}, pick);
  }

  /** A masked picture through the worker; it is written down as maintenance. Tries again while a mask is on its way. */
  async function load(tries = 1) {
    veil.hidden = false;
    picture.hidden = true;
    const body = { purpose: "maintenance", note: say("watching.masks.title") };
    const headers = { "X-GC-CSRF": "1", "Content-Type": "application/json" };
    const address_ = `/api/v1/cameras/${about.camera}/stills`;
    const answer = await fetch(address_, { method: "POST", headers, body: JSON.stringify(body) }).catch(() => null);
    if (answer?.ok) {
      if (address) URL.revokeObjectURL(address);
      address = URL.createObjectURL(await answer.blob());
      picture.src = address;
      picture.hidden = false;
      veil.hidden = true;
      return true;
    }
    if (answer?.status === 409 && tries > 1) {
      await new Promise((wake) => setTimeout(wake, 800));
      return load(tries - 1);
    }
    const problem = (await answer?.json().catch(() => null))?.detail;
    setText(veil, problem ?? say("watching.open.network"));
    return false;
  }

  async function saved() {
    if (drawing.state.open.length) drawing.close();
    if (!confirm.checked) {
      word.dataset.state = "bad";
      setText(word, say("watching.masks.confirm"));
      confirm.focus();
      return;
    }
    const body = { masks: drawing.state.masks, version, note: note.querySelector("input").value.trim() };
    picture.hidden = true; // nobody sees a picture that the new masks are not burnt into, not here either
    veil.hidden = false;
    setText(veil, say("watching.masks.waiting"));
    const done = await post(`/api/v1/cameras/${about.camera}/masks`, body, say, "watching.masks");
    word.dataset.state = done.ok ? "good" : "bad";
    if (!done.ok) {
      setText(word, say("watching.masks.failed", { reason: done.reason }));
      await load();
      return;
    }
    version = done.body.version;
    word.dataset.state = done.body.in_force ? "good" : "bad";
    setText(word, say(done.body.in_force ? "watching.masks.saved" : "watching.masks.unconfirmed"));
    if (await load(8) && done.body.in_force) setText(word, say("watching.masks.applied"));
    draw();
  }

  function spots(points) {
    return points.map(([x, y]) => `${(x * 1000).toFixed(1)},${(y * 1000).toFixed(1)}`).join(" ");
  }
}
