#!/bin/sh
# Raises or lowers a flag as a document says. url/follow.sh, consul-template or confd has brought the document to this host:
#   apply_flag.sh DOCUMENT FLAG
#
# The first line of the document is "down" or "up"; the text below "down" becomes the content of the flag, such as its message.
# Anything else changes nothing: an empty document, half of one, or an error page from something in between.
set -eu
document=$1 flag=$2

# The document comes only when it has changed. So if the flag can't be written, remove the document: then it comes again.
trap '[ $? -eq 0 ] || rm -f "$document"' EXIT

case $(head -n 1 "$document" | tr -d '\r') in
    down)
        # If the flag says the same already, it stays as it is and keeps its age.
        tail -n +2 "$document" | cmp -s - "$flag" && exit
        tail -n +2 "$document" > "$flag.new"
        mv -fT "$flag.new" "$flag"
        ;;
    up) rm -f "$flag" ;;
    *) echo "The first line of $document is neither \"down\" nor \"up\"; $flag stays as it is." >&2 ;;
esac
