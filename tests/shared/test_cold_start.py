"""What a cold start leaves out is there when something needs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from shared.deferred import NAMES, Deferral

IMAGES = Path(__file__).parents[2] / "images"
START = "import extract.handler; from shared.s3 import photo_store; photo_store()"


def run_python(program: str) -> str:
    """Return what a program prints in a new process, with the images' code."""
    environment = {
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_SECRET_ACCESS_KEY": "any",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(IMAGES),
    }
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_start_imports_no_module_that_it_can_do_without() -> None:
    program = f"""
import json, sys
before = list(sys.modules)
{START}
stand_ins = [name for name, module in sys.modules.items() if type(module).__name__ == "_StandIn"]
print(json.dumps([stand_ins, before, list(sys.modules)]))
"""

    stand_ins, before, modules = json.loads(run_python(program))

    # Extract has no libheif, and models are compressed outside of an image. Before Python 3.13
    # `inspect` inherits from a class of `ast`, and `pathlib` imports ipaddress.
    others = {"_pi_heif", "ast", "gzip", "ipaddress"}
    assert set(stand_ins) - others == NAMES.keys() - set(before) - others
    assert {"botocore.docs.service", "xml.dom.minidom"} <= set(stand_ins)  # of any environment
    assert not {"boto3", "html.parser", "s3transfer", "urllib.response"} & set(modules)


def test_deferred_names_work_after_a_start() -> None:
    program = f"""
{START}
import ast, configparser, importlib.metadata, pydoc
import boto3, jmespath, subprocess
from botocore.docs.service import ServiceDocumenter
from botocore.utils import tzutc  # a stand-in
from dateutil.tz import UTC
from xml.dom.minidom import parseString

assert ast.literal_eval("[1]") == [1]
assert configparser.ConfigParser().sections() == []
assert isinstance(UTC, tzutc) and not isinstance(None, tzutc)
assert jmespath.search("a", dict(a=1)) == 1
assert subprocess.run(["true"]).returncode == 0
assert photo_store().client.get_waiter("object_exists").name
assert importlib.metadata.version("boto3") == boto3.__version__
assert importlib.metadata.PackageNotFoundError is not None
assert parseString("<a/>").documentElement.tagName == "a"
client = photo_store().client
assert "Range" in pydoc.render_doc(client.get_object)
class Documenter(ServiceDocumenter):
    pass
assert Documenter.__mro__[1].__module__ == "botocore.docs.service"
print("all")
"""

    assert run_python(program) == "all"


def test_a_deferred_name_imports_its_module_when_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "deferred_a.py").write_text(
        "import sys; sys.counted = []\ndef double(n): return 2 * n"
    )
    program = f"""
import sys; sys.path.insert(0, {str(tmp_path)!r})
from shared.deferred import Deferral
deferral = Deferral({{"deferred_a": frozenset({{"double"}})}})
deferral.start()
from deferred_a import double
assert not hasattr(sys, "counted")
deferral.stop()
assert double(4) == 8 and hasattr(sys, "counted")
from deferred_a import double
print(type(double).__name__)
"""

    assert run_python(program) == "function"


def test_any_other_name_imports_its_module_at_once(tmp_path: Path) -> None:
    (tmp_path / "deferred_b.py").write_text("class OtherError(Exception): pass\ndef called(): pass")
    program = f"""
import sys; sys.path.insert(0, {str(tmp_path)!r})
from shared.deferred import Deferral
Deferral({{"deferred_b": frozenset({{"called"}})}}).start()
from deferred_b import OtherError
print(issubclass(OtherError, Exception), type(sys.modules["deferred_b"]).__name__)
"""

    assert run_python(program) == "True module"


def test_a_module_that_does_not_exist_is_not_deferred() -> None:
    deferral = Deferral({"no_such_module": frozenset({"name"})})

    assert deferral.find_spec("no_such_module") is None


def test_a_deferred_module_that_fails_fails_at_each_use(tmp_path: Path) -> None:
    (tmp_path / "deferred_c.py").write_text("raise ImportError('libheif.so.1')")
    program = f"""
import sys; sys.path.insert(0, {str(tmp_path)!r})
from shared.deferred import Deferral
Deferral({{"deferred_c": frozenset()}}).start()
import deferred_c
for _ in range(2):
    try:
        deferred_c.load_file
    except ImportError as error:
        print(error)
"""

    assert run_python(program).splitlines() == ["libheif.so.1"] * 2


def test_imports_after_the_handlers_are_as_usual() -> None:
    program = f"""
{START}
import sys, tag.handler
print([type(finder).__name__ for finder in sys.meta_path if hasattr(finder, "stop")])
"""

    assert run_python(program) == "[]"


def test_threads_wait_for_a_deferred_module_that_one_of_them_imports(tmp_path: Path) -> None:
    (tmp_path / "deferred_d.py").write_text("import time; time.sleep(0.5)\ndef two(): return 2")
    program = f"""
import sys; sys.path.insert(0, {str(tmp_path)!r})
from concurrent.futures import ThreadPoolExecutor
from shared.deferred import Deferral
deferral = Deferral({{"deferred_d": frozenset({{"two"}})}})
deferral.start()
from deferred_d import two
deferral.stop()
with ThreadPoolExecutor(4) as pool:
    print([one.result() for one in [pool.submit(two) for _ in range(4)]])
"""

    assert run_python(program) == "[2, 2, 2, 2]"
