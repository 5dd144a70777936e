#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the Markdown files link to is in the tree, what they call by make is a target, and what the
# picture of the tree names is there.
cd "$(dirname "$0")/../.." || exit 1
count=0 failed=0
ok() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		failed=1
		echo "not ok $count - $2"
		printf '%s\n' "$3" | sed 's/^/# /'
	fi
}
files=$(find . -name '*.md' -not -path './build/*' -not -path './.git/*' | sort)
broken=$(for file in $files; do
	# Relative links, without what follows a "#".
	grep -o '](\([^)]*\))' "$file" | sed 's/^](//; s/)$//; s/#.*//' | grep -v '^[a-z]*:' | while read -r link; do
		[ -z "$link" ] || [ -e "$(dirname "$file")/$link" ] || echo "$file: $link"
	done
done)
[ -z "$broken" ]
ok $? "every relative link leads to a file" "$broken"
broken=$(for file in $files; do
	grep -oE '(^    (sudo )?|`(sudo )?)make [a-z-]+' "$file" | sed 's/.*make //' | sort -u | while read -r target; do
		grep -q "^$target:" Makefile || echo "$file: make $target"
	done
done)
[ -z "$broken" ]
ok $? "every make target that is named exists" "$broken"
broken=$(sed -n '/^    include\//,/^$/p' README.md | grep -oE '^    [a-z-]+/' | tr -d ' ' | while read -r folder; do
	[ -d "$folder" ] || echo "$folder"
done)
[ -z "$broken" ]
ok $? "the folders of README's tree are there" "$broken"
echo "1..$count"
exit $failed
