# SPDX-License-Identifier: MIT
# Converts CHANGELOG.md, with -v maintainer="NAME <ADDRESS>", to a Debian changelog:
# deb-changelog(5).
function print_item() {
    line = "  *"
    count = split(item, words, " ")
    for (i = 1; i <= count; i++) {
        if (length(line " " words[i]) > 80) {
            print line
            line = "   "
        }
        line = line " " words[i]
    }
    if (count > 0) print line
    item = ""
}
function end_version() {
    print_item()
    if (date != "") print "\n -- " maintainer "  " date "\n"
    date = ""
}

/^## / {
    end_version()
    if ($0 !~ /^## \[[0-9.]+\] - /) next
    version = $2
    gsub(/[][]/, "", version)
    command = "LC_ALL=C date --utc --date " $4 " '+%a, %d %b %Y %H:%M:%S +0000'"
    command | getline date
    close(command)
    print "lowportbind (" version ") unstable; urgency=medium"
    next
}
date == "" { next }
/^### / {
    print_item()
    print "\n  [ " substr($0, 5) " ]"
    next
}
/^- / {
    print_item()
    item = substr($0, 3)
    next
}
/^\[[0-9.]+\]: / { next }
{ item = item " " $0 }
END { end_version() }
