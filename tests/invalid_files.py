"""Files that are invalid by construction: cut off, with a bit flipped, of another kind, or made by hand out of range."""

from __future__ import annotations

import json
import os
import pickle
import zlib
from collections.abc import Iterator, Mapping

import numpy as np
from invalid import MODEL, POINTS, REPORT, RUN, TRAINING, Case, Put, X, Y, header, npy, npz, zipped

ENDINGS = (".csv", ".npz", ".npy", ".csv.gz", ".zip", ".parquet", ".feather", ".jsonl", ".xlsx", "-idx3-ubyte")
READ = {  # how a file is read by each command: {} is its name
    "a model": [
        "predict {} points.csv",
        "explain {}",
        "show {}",
        "show {} network -o new.svg",
        "verify {}",
        "why {}",
        "nudge {}",
        "quiz {} --answers a",
        "page worksheet {}",
        "show {} curve -o new.svg",
    ],
    "a checkpoint": ["train --resume {}", "train --resume {} -o new"],
    "a quiz": ["quiz {} --answers a"],
    "a report": ["show {}"],
}


def _line(text: str, name: str) -> tuple[str, ...]:
    return tuple(part.replace("{}", name) for part in text.split())


# cut off, or with a bit flipped ---------------------------------------------------------------------------------------
def damaged(files: Mapping[str, bytes], rng: np.random.Generator) -> Iterator[Case]:
    """Files that we write or read, cut off; and those with a checksum, with one bit flipped and the checksum not redone."""
    whole = {
        "model.safetensors": (MODEL, "a model"),
        "run.checkpoint": (RUN, "a checkpoint"),
        "report.json": (REPORT, "a report"),
    }
    for name, (source, kind) in whole.items():
        held = files[source]
        for number in range(40):
            line = _line(READ[kind][number % len(READ[kind])], name)
            if number % 4 == 0:
                end = int(rng.integers(0, len(held) - 2))
                yield Case("cut off", f"{kind} ends after {end} of {len(held)} bytes", line, {name: held[:end]})
            else:
                flipped, place = bytearray(held), int(rng.integers(0, 8 * len(held)))
                flipped[place // 8] ^= 1 << place % 8
                yield Case("a flipped bit", f"{kind}, bit {place} is flipped", line, {name: bytes(flipped)})
    for source in (each for each in files if each.endswith(ENDINGS) and not each.endswith(".csv")):
        held, name = files[source], f"cut{source.removeprefix('points').removeprefix('rows')}"
        name = source if "ubyte" in source else name
        ends = [int(end) for end in rng.integers(1, len(held) - 1, 5)]
        if source.endswith(".jsonl"):  # a line that ends is a whole line
            ends = [end for end in ends if held[:end].count(b"{") != held[:end].count(b"}")]
        for end in ends:
            line = ("predict", MODEL, name) if end % 3 == 0 else ("train", name, *TRAINING)
            yield Case("cut off", f"{source} ends after {end} of {len(held)} bytes", line, {name: held[:end]})
    packed = files["points.csv.gz"]
    for place in range(len(packed) - 8, len(packed)):  # the checksum and the size at the end
        flipped = bytearray(packed)
        flipped[place] ^= 1 << int(rng.integers(8))
        yield Case(
            "a flipped bit",
            "gzip's checksum is not that of its content",
            ("train", "f.csv.gz", *TRAINING),
            {"f.csv.gz": bytes(flipped)},
        )
    arrays, numbers = files["rows.npz"], X.tobytes()
    start = arrays.index(numbers)
    for place in rng.integers(start, start + len(numbers), 8).tolist():
        flipped = bytearray(arrays)
        flipped[place] ^= 1 << int(rng.integers(8))
        yield Case(
            "a flipped bit",
            "the checksum of an array in the ZIP is another",
            ("train", "f.npz", *TRAINING),
            {"f.npz": bytes(flipped)},
        )


# of another kind ------------------------------------------------------------------------------------------------------
class _Shell:
    """What a pickle that is read would do: leave a file."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("pickle-was-run",)


def foreign(files: Mapping[str, bytes], rng: np.random.Generator) -> Iterator[Case]:
    """What is no file of this kind, under the name of one, wherever one is read."""
    deep = b"[" * 60_000
    contents: dict[str, Put] = {
        "an ELF program": b"\x7fELF\x02\x01\x01" + bytes(57) + rng.bytes(200),
        "a PNG picture": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0" + zlib.compress(b"\0\0\0\0"),
        "a PDF document": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n",
        "a ZIP of a program": zipped({"setup.exe": b"MZ" + rng.bytes(100)}),
        "a pickle": pickle.dumps(_Shell()),
        "a page of HTML": b"<!DOCTYPE html>\n<html><title>404, not, found</title>\n<body>Not, found</body>\n</html>\n",
        "nothing": b"",
        "line ends alone": b"\n\r\n\n",
        "NULs": bytes(4096),
        "noise": rng.bytes(3000),
        "brackets without end": deep,
        "an empty object": b"{}",
        "a folder": lambda path: path.mkdir(),
        "a pipe": lambda path: os.mkfifo(path),
        "a device": lambda path: path.symlink_to("/dev/zero"),
        "an empty device": lambda path: path.symlink_to("/dev/null"),
        "a link to nothing": lambda path: path.symlink_to("there-is-no-such-file"),
        "a link to itself": lambda path: path.symlink_to(path.name),
        "nothing of that name": lambda path: None,
    }
    slots = [(f"f{ending}", "train {} --hidden 3 --epochs 3 -q") for ending in ENDINGS]
    slots += [(f"f{ending}", f"predict {MODEL} {{}}") for ending in ENDINGS[:4]]
    slots += [
        (f"f{ending}", line)
        for kind, ending in (
            ("a model", ".safetensors"),
            ("a checkpoint", ".checkpoint"),
            ("a quiz", ".quiz"),
            ("a report", ".json"),
        )
        for line in READ[kind]
    ]
    for name, line in slots:
        for what, made in contents.items():
            yield Case("foreign", f"it is {what}", _line(line, name), {name: made})
    ours = {"a model": MODEL, "a checkpoint": RUN, "a report": REPORT, "a table": "points.csv", "arrays": "rows.npz"}
    for kind, ending in (
        ("a model", ".safetensors"),
        ("a checkpoint", ".checkpoint"),
        ("a table", ".npz"),
        ("a table", ".npy"),
    ):
        for what, source in ours.items():
            if what != kind and not (ending == ".npz" and what == "arrays"):
                for text in READ.get(kind, ["train {}"])[:2]:
                    yield Case(
                        "foreign", f"it is {what}, not {kind}", _line(text, f"f{ending}"), {f"f{ending}": files[source]}
                    )


# made by hand ---------------------------------------------------------------------------------------------------------
def arrays() -> Iterator[Case]:
    """NPY and NPZ files whose header or arrays cannot be rows to learn from."""
    whole = npy(X)
    shaped = "{{'descr': '<f8', 'fortran_order': False, 'shape': {}, }}".format
    made = {
        "objects": npy(np.array([[1, "a"], [2, "b"]], object), allow_pickle=True),
        "objects with a program": npy(np.array([[_Shell()]], object), allow_pickle=True),
        "a negative shape": header(shaped("(-3, 2)"), X.tobytes()),
        "a shape with a negative number": header(shaped("(3, -2)"), X.tobytes()),
        "more rows than there are bytes": header(shaped("(13, 2)"), X.tobytes()),
        "more rows than any disk has bytes": header(shaped("(10000000000000000000000, 2)"), X.tobytes()),
        "a shape of texts": header(shaped("('a', 2)"), X.tobytes()),
        "a shape of fractions": header(shaped("(1.5, 2)"), X.tobytes()),
        "no shape": header("{'descr': '<f8', 'fortran_order': False, }", X.tobytes()),
        "a header that is a list": header("[1, 2]", X.tobytes()),
        "a header that is a call": header("__import__('os').mkdir('header-was-run')", X.tobytes()),
        "a header of brackets": header("(" * 500, X.tobytes()),
        "an unknown type": header("{'descr': '<q9', 'fortran_order': False, 'shape': (12, 2), }", X.tobytes()),
        "a type of a program": header("{'descr': '|O', 'fortran_order': False, 'shape': (1, 2), }", X.tobytes()),
        "a later version": whole[:6] + b"\x09\0" + whole[8:],
        "the first bytes alone": whole[:6],
        "another magic": b"\x93NUMPI" + whole[6:],
        "complex numbers": npy(X + 1j),
        "times": npy(X.astype("M8[s]")),
        "texts": npy(X.astype("U8")),
        "one number": npy(np.array(3.0)),
        "one column alone": npy(np.arange(12.0)),
        "no rows": npy(np.empty((0, 3))),
        "no columns": npy(np.empty((12, 0))),
        "a target without a number in it": npy(np.c_[X, np.full(12, np.nan)]),
        "infinite inputs": npy(np.c_[X, Y] + np.inf),
        "infinite targets": npy(np.c_[X, np.full(12, -np.inf)]),
        "a constant target": npy(np.c_[X, np.ones(12)]),
    }
    for why, content in made.items():
        yield Case("NPY", why, ("train", "f.npy", *TRAINING), {"f.npy": content})
        inside = zipped({"x.npy": content, "y.npy": npy(Y)})
        if "target" not in why and why != "one column alone":
            yield Case("NPZ", f"x holds {why}", ("train", "f.npz", *TRAINING), {"f.npz": inside})
    of_both = {
        "no x": npz(y=Y),
        "no y": npz(x=X),
        "no arrays": zipped({}),
        "a text and no arrays": zipped({"x.txt": b"1 2"}),
        "other names": npz(inputs=X, targets=Y),
        "targets for fewer rows": npz(x=X, y=Y[:-1]),
        "targets for more rows": npz(x=X[:-1], y=Y),
        "targets of three dimensions": npz(x=X, y=Y.reshape(12, 1, 1)),
        "targets of no columns": npz(x=X, y=np.empty((12, 0))),
        "one class": npz(x=X, y=np.full(12, "left")),
        "complex targets": npz(x=X, y=Y + 1j),
        "targets that are times": npz(x=X, y=Y.astype("M8[D]")),
        "no finite target": npz(x=X, y=np.full(12, np.inf)),
        "one row": npz(x=X[:1], y=Y[:1]),
    }
    for why, content in of_both.items():
        yield Case("NPZ", why, ("train", "f.npz", *TRAINING), {"f.npz": content})
    for why, target in {
        "an array that is not there": "z",
        "the inputs": "x",
        "no name": "",
        "a way out of it": "../y",
    }.items():
        yield Case("NPZ", f"the target is {why}", ("train", "rows.npz", *TRAINING, f"--target={target}"))


def texts() -> Iterator[Case]:
    """CSV files, and others of text, that hold no rows to learn from."""
    rows, wide = POINTS.encode(), b"a" * 100_000
    made: dict[str, bytes] = {
        "a line has fewer columns": rows + b"1,2\n",
        "a line has more columns": rows + b"1,2,left,4\n",
        "only a header": b"a,b,side\n",
        "a header without a line end": b"a,b,side",
        "one column": b"side\nleft\nright\n",
        "one row": b"a,side\n1,left\n",
        "one class": b"a,b,side\n" + b"1,2,left\n" * 12,
        "infinite inputs": b"a,b,side\n" + b"inf,-inf,left\ninf,-inf,right\n" * 6,
        "infinite targets": b"a,price\n" + b"".join(b"%d,%s\n" % (i, b"inf" if i % 2 else b"2.5") for i in range(30)),
        "targets beyond the largest number": b"a,price\n" + b"".join(b"%d,%d.5e400\n" % (i, i + 1) for i in range(30)),
        "no target in any row": b"a,b,side\n" + b"1,2,\n" * 12,
        "no value in any input": b"a,b,side\n" + b",,left\n,,right\n" * 6,
        "bytes between the rows": rows[:40] + bytes(range(256)) + rows[40:],
        "a NUL in a cell": rows[:20] + b"\0" + rows[20:],
        "a quotation mark that never ends": rows + b'"1,2,left\n',
        "two columns of one name": b"a,a,side\n" + rows.partition(b"\n")[2],
        "UTF-16 cut in the middle": rows.decode().encode("utf-16")[:-1],
        "a decimal comma": b"a;y\n" + b"".join(b"%d,5;%d\n" % (i, i % 2) for i in range(12)),
        "one long line": wide,
        "a hundred thousand names and no row": b",".join([b"a%d" % i for i in range(10_000)]) + b"\n",
        "every row is empty": b"a,b,side\n" + b",,\n" * 12,
        "no rows but comments of another format": b"@relation x\n@data\n",
    }
    for why, content in made.items():
        yield Case("CSV", why, ("train", "f.csv", *TRAINING), {"f.csv": content})
    unequal = {"a line has fewer columns", "a line has more columns", "bytes between the rows", "only a header"}
    for why in sorted(unequal):
        yield Case("CSV", why, ("predict", MODEL, "f.csv", "-o", "new.csv"), {"f.csv": made[why]})
    for why, content in {
        "has other columns": b"c,d\n1,2\n",
        "lacks a column": b"a,side\n1,left\n",
        "holds texts": b"a,b\nx,y\n",
    }.items():
        for line in (("predict", MODEL, "f.csv", "-o", "new.csv"), ("explain", MODEL, "--data", "f.csv")):
            yield Case("CSV", f"the data of a model {why}", line, {"f.csv": content})
    packed = {
        "two tables": zipped({"a.csv": rows, "b.csv": rows}),
        "a table in a table": zipped({"a.zip": zipped({"a.csv": rows})}),
        "a damaged table": zipped({"a.csv": rows + b"1,2\n"}),
    }
    for why, content in packed.items():
        yield Case("ZIP", f"it holds {why}", ("train", "f.zip", *TRAINING), {"f.zip": content})
    lines = {
        "no JSON": b"a,b\n1,2\n",
        "a list for each row": b"[1, 2]\n[3, 4]\n",
        "records in a column": b'{"a": {"b": 1}, "y": 1}\n' * 12,
        "lists in a column": b'{"a": [1, 2], "y": 1}\n' * 12,
        "numbers and texts": b'{"a": 1, "y": 1}\n{"a": "x", "y": 2}\n',
    }
    for why, content in lines.items():
        yield Case("JSON lines", f"it holds {why}", ("train", "f.jsonl", *TRAINING), {"f.jsonl": content})


def images() -> Iterator[Case]:
    """MNIST's files, with other sizes than they say."""
    good = b"\0\0\x08\x03\0\0\0\2\0\0\0\1\0\0\0\1ab"
    made = {
        "other first bytes": b"\0\1" + good[2:],
        "floats": b"\0\0\x0d" + good[3:],
        "five dimensions": b"\0\0\x08\x05" + good[4:],
        "a size beyond all bytes": good[:4] + b"\xff" * 12 + good[16:],
        "no images": b"\0\0\x08\x03" + bytes(12),
        "two bytes": good[:2],
        "a byte too much": good + b"c",
        "labels": b"\0\0\x08\1\0\0\0\2ab",
    }
    for why, content in made.items():
        name = "f-images-idx3-ubyte"
        labels = {"f-labels-idx1-ubyte": b"\0\0\x08\1\0\0\0\2\0\1"}
        yield Case("IDX", f"it has {why}", ("train", name, *TRAINING), {name: content, **labels})
    for why, content in {
        "for fewer images": b"\0\0\x08\1\0\0\0\1\0",
        "cut off": b"\0\0\x08\1\0\0\0\2\0",
        "images": good,
    }.items():
        name = "f-images-idx3-ubyte"
        yield Case(
            "IDX", f"its labels are {why}", ("train", name, *TRAINING), {name: good, "f-labels-idx1-ubyte": content}
        )
    yield Case("IDX", "there are no labels", ("train", "f-images-idx3-ubyte"), {"f-images-idx3-ubyte": good})


def by_hand() -> Iterator[Case]:
    """Networks in JSON, matrices in CSV and quizzes that are not as the docs say."""
    row = {"weights": [[0.5, -1]]}
    made = {
        "no layers": {"layers": []},
        "layers that are a number": {"layers": 3},
        "a layer that is a list": {"layers": [[1]]},
        "no weights": {"layers": [{}]},
        "weights that are a number": {"layers": [{"weights": 1}]},
        "weights of unequal rows": {"layers": [{"weights": [[1, 2], [3]]}]},
        "weights that are texts": {"layers": [{"weights": [["a"]]}]},
        "weights of three dimensions": {"layers": [{"weights": [[[1]]]}]},
        "no neurons": {"layers": [{"weights": []}]},
        "no inputs": {"layers": [{"weights": [[]]}]},
        "weights that are null": {"layers": [{"weights": [[None]]}]},
        "truth values for weights": {"layers": [{"weights": [[True]]}]},
        "too many biases": {"layers": [{**row, "biases": [1, 2, 3]}]},
        "biases that are a text": {"layers": [{**row, "biases": "none at all"}]},
        "an unknown activation": {"layers": [{**row, "activation": "rleu"}]},
        "a number for an activation": {"layers": [{**row, "activation": 3}]},
        "layers that do not chain": {"layers": [row, row]},
        "an unknown key": {"layers": [row], "wieghts": 1},
        "an unknown cost": {"layers": [row], "cost": "los"},
        "inputs of another length": {"layers": [row], "x": [1, 2, 3]},
        "inputs that are a text": {"layers": [row], "x": "1, 2"},
        "targets of another length": {"layers": [row], "x": [1, 2], "y": [1, 2]},
        "as many targets as no rows": {"layers": [row], "x": [[1, 2], [3, 4]], "y": [[1], [2], [3]]},
    }
    contents = {why: json.dumps(each).encode() for why, each in made.items()}
    contents["an infinite weight"] = b'{"layers": [{"weights": [[Infinity, NaN]]}]}'
    contents["a weight of thousands of digits"] = b'{"layers": [{"weights": [[' + b"9" * 5000 + b"]]}]}"
    contents["a comma too many"] = b'{"layers": [{"weights": [[1, 2],]}]}'
    contents["UTF-16"] = json.dumps({"layers": [row]}).encode("utf-16")
    for number, (why, content) in enumerate(contents.items()):
        command = ("explain", "verify", "show", "nudge")[number % 4]
        yield Case("a network in JSON", why, (command, "f.json"), {"f.json": content})
    matrices = {
        "unequal rows": b"1,2\n3\n",
        "texts": b"a,b\n",
        "layers that do not chain": b"1,2\n\n1,2,3\n",
        "bytes": b"\xff\xfe\0",
        "inf": b"inf,1\n",
    }
    for why, content in matrices.items():
        yield Case("weights in CSV", why, ("explain", "f.csv", "--x", "1,2", "--y", "1"), {"f.csv": content})
    quizzes = {
        "no question": b"Only a text.\n",
        "a question without an answer": b"??\nOne?\n??\n",
        "no end": b"??\nOne?\n\\c: yes\n",
        "no right answer": b"??\nOne?\n\\w: no\n??\n",
        "a penalty that is a text": b"??\nOne?\n\\c: y\n\\penalty:much\n??\n",
        "a penalty below 0": b"??\nOne?\n\\c: y\n\\w: n\n\\penalty:-5\n??\n",
        "another truth": b"??\nOne?\n\\c: y\n\\shownext:perhaps\n??\n",
        "an unknown form": b"??\nOne?\n\\c: 1\n\\typed:essay\n??\n",
        "bytes": b"??\nOne\xff?\n\\c: y\n??\n",
        "no text": b"??\n\\c: y\n??\n",
        "digits that are none": b"??\nOne?\n\\c: 1\n\\typed:number many\n??\n",
    }
    for why, content in quizzes.items():
        yield Case("a quiz", why, ("quiz", "f.quiz", "--answers", "y"), {"f.quiz": content})


def places() -> Iterator[Case]:
    """Places where nothing can be written, or where a stranger's file would be lost."""
    write = {
        ".safetensors": "train points.csv --hidden 2 --epochs 1 -q -o {}",
        ".csv": f"predict {MODEL} points.csv -q -o {{}}",
        ".svg": "show network -o {}",
        ".quiz": "quiz --write {}",
        ".checkpoint": "train points.csv --hidden 2 --epochs 1 --checkpoint-every 1 -q -o {}",
    }
    impossible: dict[str, tuple[str, Put]] = {
        "a folder that is not there": ("nowhere/f", lambda path: path.parent.rmdir()),
        "a name that is too long": ("f" * 300, lambda path: None),
        "a way through a file": ("points.csv/f", lambda path: None),
        "a way through a link to itself": (
            "loop/f",
            lambda path: (path.parent.rmdir(), path.parent.symlink_to("loop")),
        ),
        "the name 0": ("f\0", lambda path: None),
    }
    for ending, line in write.items():
        name = ending if ending != ".checkpoint" else ".safetensors"
        for why, (stem, made) in impossible.items():
            yield Case(
                "a place",
                why,
                _line(line, stem + name),
                {} if stem[0] == "p" or "\0" in stem or len(stem) > 255 else {stem + name: made},
            )
        for why, special in {
            "a folder": lambda path: path.mkdir(),
            "a pipe": lambda path: os.mkfifo(path),
            "a device": lambda path: path.symlink_to("/dev/full"),
            "a link to itself": lambda path: path.symlink_to(path.name),
            "a link to a folder that is not there": lambda path: path.symlink_to("no/f"),
        }.items():
            yield Case("a place", f"it is {why}", _line(line, f"f{name}"), {f"f{name}": special})
    for why, name, content in (
        ("a model would replace a text", "f.safetensors", b"a letter"),
        ("a report would replace other JSON", "f.json", b'{"a": 1}'),
        ("a checkpoint would replace a text", "f.checkpoint", b"a letter"),
        ("a checkpoint would replace a model", "f.checkpoint", npy(X)),
    ):
        yield Case(
            "a place", why, ("train", "points.csv", *TRAINING, "--checkpoint-every", "1", "-o", "f"), {name: content}
        )
    for name in ("points.csv", MODEL):
        yield Case("a place", "what is read would be lost", ("predict", MODEL, "points.csv", "-o", name))
    yield Case("a place", "no model is called .csv", ("train", "points.csv", *TRAINING, "-o", "new.csv"))


def files(valid: Mapping[str, bytes], rng: np.random.Generator) -> Iterator[Case]:
    """All of them."""
    yield from damaged(valid, rng)
    yield from foreign(valid, rng)
    for family in (arrays, texts, images, by_hand, places):
        yield from family()
