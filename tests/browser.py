"""A page in Chromium without a window, after its scripts have run."""

from __future__ import annotations

import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any

QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run", "--hide-scrollbars"]  # fmt: skip
MEASURED = """<script>
addEventListener('load', async () => {
  await document.fonts.ready;
  const found = await (async () => { %s })();
  document.body.innerHTML = '<pre id="found"></pre>';
  document.getElementById('found').textContent = JSON.stringify(found);
});
</script>"""


def measured(page: str, script: str, folder: Path, wide: int = 1200) -> Any:
    """What the body of a function in JavaScript returns on a page, once it is laid out with its fonts."""
    (folder / "page.html").write_text(page.replace("</body>", f"{MEASURED % script}</body>"), encoding="utf-8")
    command = ["chromium", *QUIET, f"--user-data-dir={folder / 'profile'}", f"--window-size={wide},900",
               "--virtual-time-budget=60000", "--dump-dom", (folder / "page.html").as_uri()]  # fmt: skip
    dom = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, timeout=180).stdout
    found = re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)
    assert found is not None, dom[-2000:]
    return json.loads(html.unescape(found.group(1)))
