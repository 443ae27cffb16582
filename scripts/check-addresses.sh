#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Networks, streams and tools come from packages, by name. No file may hold a download address, and
# nothing but prose may hold a web address at all.
set -u
cd "$(dirname "$0")/.."
status=0
git rev-parse HEAD >/dev/null || exit 1

# Brackets keep these patterns from finding themselves.
hosts='npmjs[.](org|com)|pypi[.]org|pythonhosted[.]org|debian[.]org|githubusercontent[.]com'
hosts="$hosts|hugging""face[.]co|releases/down""load|storage[.]googleapis|tfhub[.]dev"

if git grep -nIE "$hosts" -- . ; then
    echo 'names of download hosts (above): use the package name'
    status=1
fi
# Names of XML spaces are no addresses.
if git grep -nIE '(https?|ftp|git)[:]//' -- . ':!LICENSE' ':!*.md' | grep -v 'www[.]w3[.]org'; then
    echo 'web addresses outside of prose (above)'
    status=1
fi
exit $status
