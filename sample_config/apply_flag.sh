#!/bin/sh
# Raises or lowers a flag as a document says, which url/follow.sh, consul-template or confd have brought to this host:
#   apply_flag.sh DOCUMENT FLAG
#
# The first line of the document is "down" or "up"; what stands below "down" is what the flag holds, such as its message.
# Anything else changes nothing: an empty document, half of one, or the error page of something in between.
set -eu
document=$1 flag=$2

# Whoever brings it does so only when it has changed. So if the flag can't be written, the document has to go, to be brought again.
trap '[ $? -eq 0 ] || rm -f "$document"' EXIT

case $(head -n 1 "$document" | tr -d '\r') in
    down)
        # A flag that says the same already stays as it is, and so does its age.
        tail -n +2 "$document" | cmp -s - "$flag" && exit
        tail -n +2 "$document" > "$flag.new"
        mv -fT "$flag.new" "$flag"
        ;;
    up) rm -f "$flag" ;;
    *) echo "The first line of $document is neither \"down\" nor \"up\"; $flag stays as it is." >&2 ;;
esac
