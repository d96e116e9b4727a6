# Brings a key of Consul to this host, where apply_flag.sh raises or lowers the flag accordingly:
#   consul-template -config downtime.hcl
# Change: the paths. The flag comes after the host's own in the list DOWNTIME_FLAG_FILE. Let a supervisor restart consul-template.
#
# All hosts down, and up again:
#   printf 'down\nBack at four.\n' | consul kv put downtime/state -
#   consul kv put downtime/state up

consul {
  address = "127.0.0.1:8500"
  # By default it ends after twelve attempts. The flag would stay as it is, and nothing would follow the key.
  retry {
    attempts    = 0
    max_backoff = "5s"
  }
}

template {
  # "key", not "keyOrDefault": until the key exists, nobody has said anything, so nothing is written.
  contents = "{{ key \"downtime/state\" }}"
  # Not the flag itself: a template that renders nothing leaves an empty file, and an empty flag is still a flag. And not in the
  # folder of the flag, which each process watches, but in one that is empty after each start of the host: systemd makes it with
  # RuntimeDirectory=example.
  destination = "/run/example/downtime.state"
  command     = ["/srv/example/apply_flag.sh", "/run/example/downtime.state", "/srv/example/downtime/downtime.consul.flag"]
}
