//! The options of each client, from its manual, as far as they leave it certain that the client connects and fails if it cannot.

/// The arguments that a client takes. Options are listed without their dashes, separated by spaces.
pub(super) struct Syntax {
    /// The names under which it is installed.
    pub(super) programs: &'static [&'static str],
    /// Options without a value.
    flags: &'static str,
    /// Options whose value says nothing about the host.
    values: &'static str,
    /// Options of one letter whose value, if any, is in the same word, and says nothing about the host.
    joined: &'static str,
    /// Options whose value says to whom it connects.
    targets: &'static str,
    /// What the other words are.
    pub(super) operands: Operands,
    /// Whether one dash leads options of one letter, as usual, rather than names, as with Go's package `flag`.
    pub(super) has_letters: bool,
    /// Whether it takes `localhost` for a socket in the file system.
    pub(super) has_socket: bool,
}

/// What the words are that are neither options nor their values.
#[derive(PartialEq, Eq)]
pub(super) enum Operands {
    /// All say to whom it connects.
    Targets,
    /// A host and a port say to whom it connects. With further ports, one may be enough.
    HostAndPort,
    /// The name of a database, as the value of `-d` is, too. A URL or a connection string there counts instead of the options.
    Database,
    /// The first says to whom it connects.
    Target,
    /// The only one says to whom it connects. With more, it may succeed though one fails.
    OneTarget,
    /// A command, with options of its own.
    Command,
    /// A request to the server, with options of its own. Without one, the client may end without an answer.
    Request,
    /// Something else.
    Other,
}

impl Syntax {
    /// Whether an option takes no value.
    pub(super) fn has_flag(&self, name: &str) -> bool {
        lists(self.flags, name)
    }

    /// Whether an option takes a value.
    pub(super) fn has_value(&self, name: &str) -> bool {
        lists(self.values, name) || self.has_target(name)
    }

    /// Whether an option has its value in the same word, or none.
    pub(super) fn is_joined(&self, name: &str) -> bool {
        lists(self.joined, name)
    }

    /// Whether the value of an option says to whom the client connects.
    pub(super) fn has_target(&self, name: &str) -> bool {
        lists(self.targets, name)
    }
}

fn lists(names: &str, name: &str) -> bool {
    names.split(' ').any(|listed| listed == name && !name.is_empty())
}

const BASE: Syntax = Syntax {
    programs: &[],
    flags: "",
    values: "",
    joined: "",
    targets: "",
    operands: Operands::Other,
    has_letters: true,
    has_socket: false,
};

/// All clients.
pub(super) static SYNTAXES: [&Syntax; 13] = [
    &CURL,
    &DOCKERIZE,
    &GRPCURL,
    &GRPC_HEALTH_PROBE,
    &MONGOSH,
    &MYSQL,
    &NETCAT,
    &PG_ISREADY,
    &PSQL,
    &REDIS_CLI,
    &TELNET,
    &WAIT_FOR,
    &WGET,
];

/// <https://curl.se/docs/manpage.html>
pub(super) static CURL: Syntax = Syntax {
    programs: &["curl"],
    flags: "4 6 G I L N S f g i k s v compressed fail fail-early fail-with-body get head http1.1 http2 include insecure ipv4 ipv6 \
            location no-buffer no-progress-meter retry-all-errors retry-connrefused show-error silent tlsv1.2 verbose",
    values: "A F H X b c d e m o u w cacert cert connect-timeout cookie cookie-jar data data-binary data-raw data-urlencode form header \
             json key max-redirs max-time output referer request retry retry-delay retry-max-time user user-agent write-out",
    operands: Operands::OneTarget,
    ..BASE
};

/// <https://github.com/jwilder/dockerize>
static DOCKERIZE: Syntax = Syntax {
    programs: &["dockerize"],
    values: "timeout wait-http-header wait-retry-interval",
    targets: "wait",
    operands: Operands::Command,
    has_letters: false,
    ..BASE
};

/// <https://github.com/fullstorydev/grpcurl>
static GRPCURL: Syntax = Syntax {
    programs: &["grpcurl"],
    flags: "emit-defaults insecure plaintext v vv",
    values: "H authority cacert cert connect-timeout d format key max-time rpc-header servername",
    operands: Operands::Target,
    has_letters: false,
    ..BASE
};

/// <https://github.com/grpc-ecosystem/grpc-health-probe>
static GRPC_HEALTH_PROBE: Syntax = Syntax {
    programs: &["grpc-health-probe", "grpc_health_probe"],
    flags: "alts gzip spiffe tls tls-no-verify v",
    values: "connect-timeout rpc-header rpc-timeout service tls-ca-cert tls-client-cert tls-client-key tls-server-name user-agent",
    targets: "addr",
    has_letters: false,
    ..BASE
};

/// <https://www.mongodb.com/docs/mongodb-shell/reference/options/>
static MONGOSH: Syntax = Syntax {
    programs: &["mongo", "mongosh"],
    flags: "norc quiet tls",
    values: "authenticationDatabase eval f file p password tlsCAFile u username",
    targets: "host port",
    operands: Operands::Targets,
    ..BASE
};

/// <https://dev.mysql.com/doc/refman/8.4/en/mysql-command-options.html>
static MYSQL: Syntax = Syntax {
    programs: &["mariadb", "mariadb-admin", "mysql", "mysqladmin"],
    flags: "B N f r s v batch force raw silent skip-column-names verbose",
    values: "D e u connect-timeout connect_timeout database execute password user",
    joined: "p",
    targets: "P h host port",
    has_socket: true,
    ..BASE
};

/// <https://man.openbsd.org/nc.1>, <https://nmap.org/ncat/guide/>, and `networking/nc.c` in `BusyBox`, where they agree.
static NETCAT: Syntax = Syntax {
    programs: &["nc", "ncat", "netcat"],
    flags: "4 6 n v z",
    values: "i w",
    operands: Operands::HostAndPort,
    ..BASE
};

/// <https://www.postgresql.org/docs/current/app-pg-isready.html>
static PG_ISREADY: Syntax = Syntax {
    programs: &["pg_isready"],
    flags: "q quiet",
    values: "U d dbname t timeout username",
    targets: "h host p port",
    operands: Operands::Database,
    ..BASE
};

/// <https://www.postgresql.org/docs/current/app-psql.html>
static PSQL: Syntax = Syntax {
    programs: &["psql"],
    flags: "1 A E X a b e n q t w x no-align no-password no-psqlrc quiet single-transaction tuples-only",
    values: "F P R T U c d f o v command dbname field-separator file output pset set username variable",
    targets: "h host p port",
    operands: Operands::Database,
    ..BASE
};

/// <https://redis.io/docs/latest/develop/tools/cli/>
static REDIS_CLI: Syntax = Syntax {
    programs: &["redis-cli"],
    flags: "c e no-auth-warning raw tls",
    values: "a n pass user",
    targets: "h p",
    operands: Operands::Request,
    ..BASE
};

static TELNET: Syntax =
    Syntax { programs: &["telnet"], flags: "4 6", operands: Operands::HostAndPort, ..BASE };

/// <https://github.com/vishnubob/wait-for-it>, <https://github.com/eficode/wait-for> and <https://github.com/wait4x/wait4x>, without a
/// command after `--`, which the first runs in any case.
static WAIT_FOR: Syntax = Syntax {
    programs: &["wait-for", "wait-for-it", "wait-for-it.sh", "wait-for.sh", "wait4x"],
    flags: "q s quiet strict",
    values: "i t expect-status-code interval timeout",
    targets: "h host p port",
    operands: Operands::Targets,
    ..BASE
};

/// <https://www.gnu.org/software/wget/manual/>, and `networking/wget.c` in `BusyBox`.
static WGET: Syntax = Syntax {
    programs: &["wget"],
    flags: "4 6 N S c q v no-cache no-check-certificate no-verbose no-proxy quiet retry-connrefused server-response spider",
    values: "O P T U o t w body-data ca-certificate certificate connect-timeout dns-timeout header max-redirect method \
             output-document output-file password post-data private-key read-timeout referer timeout tries user user-agent wait \
             waitretry",
    operands: Operands::Targets,
    ..BASE
};
