#!/bin/sh
# Makes the secret of the stack's admin where there is none: .secrets/admin-key. Only its owner can enter the directory; the file itself is
# readable, as the user in the containers is another one.
cd "$(dirname -- "$0")/.." || exit 1
[ -s .secrets/admin-key ] && exit 0
mkdir -p -m 700 .secrets
head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' > .secrets/admin-key
