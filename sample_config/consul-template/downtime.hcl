# Brings a key of Consul to this host, where apply_flag.sh raises or lowers the flag by it:
#   consul-template -config downtime.hcl
# Change: the paths. The flag is one of the list DOWNTIME_FLAG_FILE, after the host's own. Let a supervisor start it again.
#
# All hosts down, and up again:
#   printf 'down\nBack at four.\n' | consul kv put downtime/state -
#   consul kv put downtime/state up

consul {
  address = "127.0.0.1:8500"
  # By default it ends after twelve attempts. The flag would stay as it is, and nobody would follow any more.
  retry {
    attempts    = 0
    max_backoff = "5s"
  }
}

template {
  # "key" and not "keyOrDefault": as long as there is no such key nothing was said, so nothing is written.
  contents = "{{ key \"downtime/state\" }}"
  # Not the flag itself: a template that renders nothing leaves an empty file, and a flag that is empty is still a flag. And not
  # in the folder of the flag, which each process watches, but in one that is empty after each start of the host: what systemd
  # makes by RuntimeDirectory=example.
  destination = "/run/example/downtime.state"
  command     = ["/srv/example/apply_flag.sh", "/run/example/downtime.state", "/srv/example/downtime/downtime.consul.flag"]
}
