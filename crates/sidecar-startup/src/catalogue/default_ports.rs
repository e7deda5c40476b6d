//! The ports on which well-known servers listen unless configured otherwise.

/// A part of the last component of an image's repository, and the ports of the server in it: what its Dockerfile exposes, or its
/// documentation calls the default.
const DEFAULT_PORTS: [(&str, &[i32]); 71] = [
    ("alloy", &[12345]),
    ("alloydb-auth-proxy", &[5432]),
    ("apache", &[80, 443]),
    ("azurite", &[10000, 10001, 10002]),
    ("caddy", &[80, 443, 2019]),
    ("cassandra", &[7000, 9042]),
    ("clickhouse-server", &[8123, 9000, 9009]),
    // That of the database's engine.
    ("cloud-sql-proxy", &[1433, 3306, 5432]),
    ("consul", &[8300, 8301, 8500, 8502, 8600]),
    ("cp-schema-registry", &[8081]),
    // Without and with TLS, where it is given `--host`.
    ("docker", &[2375, 2376]),
    ("dynamodb-local", &[8000]),
    ("elasticsearch", &[9200, 9300]),
    ("envoy", &[9901, 10000]),
    ("etcd", &[2379, 2380]),
    ("fluent-bit", &[2020]),
    ("fluentd", &[5140, 24224]),
    ("gce-proxy", &[1433, 3306, 5432]),
    ("grafana", &[3000]),
    ("haproxy", &[80, 443]),
    ("httpbin", &[80, 8080]),
    ("httpd", &[80]),
    ("influxdb", &[8086]),
    ("jaeger", &[4317, 4318, 14250, 14268, 16686]),
    ("jetty", &[8080]),
    ("kafka", &[9092]),
    ("keycloak", &[8080, 8443, 9000]),
    ("kong", &[8000, 8001, 8002, 8443, 8444]),
    ("localstack", &[4566]),
    ("loki", &[3100]),
    ("mariadb", &[3306]),
    ("memcached", &[11211]),
    ("minio", &[9000, 9001]),
    ("mongo", &[27017]),
    ("mosquitto", &[1883]),
    ("mssql", &[1433]),
    ("mysql", &[3306, 33060]),
    ("nats", &[4222, 6222, 8222]),
    ("nginx", &[80, 443]),
    ("oauth2-proxy", &[4180]),
    ("ollama", &[11434]),
    ("opa", &[8181, 8282, 9191]),
    ("openfga", &[3000, 8080, 8081]),
    ("opensearch", &[9200, 9300, 9600]),
    ("opentelemetry-collector", &[4317, 4318, 8888, 13133]),
    ("pgbouncer", &[5432, 6432]),
    ("php", &[9000]),
    ("phpmyadmin", &[80]),
    ("postgres", &[5432]),
    ("postgresql", &[5432]),
    ("prometheus", &[9090]),
    ("rabbitmq", &[4369, 5671, 5672, 15672]),
    ("redis", &[6379]),
    ("registry", &[5000]),
    ("selenium", &[4444]),
    ("solr", &[8983]),
    ("spicedb", &[8080, 8443, 9090, 50051]),
    ("squid", &[3128]),
    ("statsd-exporter", &[9102, 9125]),
    ("tempo", &[3200, 4317, 4318]),
    ("text-generation-inference", &[80]),
    ("tomcat", &[8080]),
    ("tor", &[9050]),
    ("traefik", &[80, 8080]),
    ("valkey", &[6379]),
    ("vault", &[8200]),
    ("vector", &[8686]),
    ("vllm-openai", &[8000]),
    ("wiremock", &[8080, 8443]),
    ("zipkin", &[9411]),
    ("zookeeper", &[2181, 2888, 3888, 8080]),
];

/// Parts of the names of images that have no server, though they are named after one.
const CLIENTS: [&str; 6] = ["backup", "cli", "client", "exporter", "exporters", "wait"];

/// Whether the server in an image of this repository may listen on a port without being configured to. `shop-nginx` may be built on nginx.
pub(crate) fn may_listen_by_default(repository: &str, port: i32) -> bool {
    let name = repository.rsplit('/').next().unwrap_or_default();
    let is_client = name.split(['-', '_']).any(|part| CLIENTS.contains(&part));
    let is_named = |known: &str| {
        let mut places = name.match_indices(known);
        places.any(|(at, _)| {
            let (before, rest) = name.split_at_checked(at).unwrap_or_default();
            let after = rest.strip_prefix(known).unwrap_or_default();
            let ends = |next: Option<char>| next.is_none_or(|next| !next.is_alphanumeric());
            ends(before.chars().next_back()) && ends(after.chars().next())
        })
    };
    // The ports that others choose whose images run without root, such as bitnami/nginx.
    let is_rootless =
        |ports: &[i32]| port == 8080 && ports.contains(&80) || port == 8443 && ports.contains(&443);
    DEFAULT_PORTS.iter().any(|(known, ports)| {
        name == *known && ports.contains(&port)
            || !is_client
                && (ports.contains(&port) || repository != *known && is_rootless(ports))
                && is_named(known)
    })
}
