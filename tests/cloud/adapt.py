# SPDX-License-Identifier: Apache-2.0
"""The shipped user-data for a container without a network: the package comes from a folder, and the
profile has only what a container may write. All else is as shipped.
usage: adapt.py USER-DATA PROFILE >NEW"""
import sys
from pathlib import Path

import yaml

data = yaml.safe_load(Path(sys.argv[1]).read_text(encoding="utf-8"))
data["apt"]["sources"]["nodefit.list"]["source"] = "deb [trusted=yes] file:/srv/nodefit ./"
for file in data["write_files"]:
    if file["path"] == "/etc/nodefit/profiles/site.ini":
        file["content"] = Path(sys.argv[2]).read_text(encoding="utf-8")
print("#cloud-config")
yaml.safe_dump(data, sys.stdout, sort_keys=False)
