//! The ports on which well-known servers listen unless configured otherwise.

/// The last component of an image's repository, and the ports of the server in it: what its Dockerfile exposes, or its documentation calls
/// the default.
const DEFAULT_PORTS: [(&str, &[i32]); 37] = [
    ("alloydb-auth-proxy", &[5432]),
    ("caddy", &[80, 443, 2019]),
    ("clickhouse-server", &[8123, 9000, 9009]),
    // That of the database's engine.
    ("cloud-sql-proxy", &[1433, 3306, 5432]),
    ("consul", &[8300, 8301, 8500, 8502, 8600]),
    ("elasticsearch", &[9200, 9300]),
    ("envoy", &[9901, 10000]),
    ("etcd", &[2379, 2380]),
    ("fluent-bit", &[2020]),
    ("fluentd", &[5140, 24224]),
    ("gce-proxy", &[1433, 3306, 5432]),
    ("grafana", &[3000]),
    ("httpd", &[80]),
    ("influxdb", &[8086]),
    ("jetty", &[8080]),
    ("kafka", &[9092]),
    ("mariadb", &[3306]),
    ("memcached", &[11211]),
    ("mongo", &[27017]),
    ("mysql", &[3306, 33060]),
    ("nats", &[4222, 6222, 8222]),
    ("nginx", &[80, 443]),
    ("nginx-unprivileged", &[8080]),
    ("opentelemetry-collector", &[4317, 4318, 8888, 13133]),
    ("opentelemetry-collector-contrib", &[4317, 4318, 8888, 13133]),
    ("php", &[9000]),
    ("postgres", &[5432]),
    ("postgresql", &[5432]),
    ("prometheus", &[9090]),
    ("rabbitmq", &[4369, 5671, 5672, 15672]),
    ("redis", &[6379]),
    ("statsd-exporter", &[9102, 9125]),
    ("tomcat", &[8080]),
    ("traefik", &[80, 8080]),
    ("valkey", &[6379]),
    ("vault", &[8200]),
    ("zookeeper", &[2181, 2888, 3888, 8080]),
];

/// Whether the server in an image of this repository may listen on a port without being configured to.
pub(crate) fn may_listen_by_default(repository: &str, port: i32) -> bool {
    let name = repository.rsplit('/').next().unwrap_or_default();
    DEFAULT_PORTS.iter().any(|(known, ports)| *known == name && ports.contains(&port))
}
