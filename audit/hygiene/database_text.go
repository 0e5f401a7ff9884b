package hygiene

import (
	"context"

	lr "github.com/launchready/launchready"
)

func databaseText(c *collection) *lr.Check {
	return &lr.Check{
		ID:    "hygiene/database-text",
		Title: "Errors quote no database, driver or ORM",
		Why: "The complaint of a database names tables, columns and constraints, and tells an attacker at each try how near the input came to the query. " +
			"It is what injection is aimed with, and often the first sign that a value reaches the database unjudged.",
		Fix: "Judge input before it reaches the database. Map the few errors that a caller can cause (a duplicate, a missing parent) to texts of your own, " +
			"and everything else to one text without details; log the original under the request id.",
		Guard:    "scrub_errors",
		Severity: lr.Medium,
		Refs:     []lr.Ref{misconfiguration, errorText, asvsErrors},
		Needs:    lr.Routes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return c.judge(ctx, t, nil, "an error quotes")
		},
	}
}

var databaseSigns = []sign{
	newSign("Postgres", `sqlstate|constraint|input syntax|relation "|column |syntax error at|psycopg|asyncpg|pq: |pgx|npgsql|pg::|postgresql|postgrex|permission denied for|character varying`,
		`SQLSTATE[\[ :=(]{1,3}[0-9A-Z]{5}|violates (?:unique|foreign key|not-null|check|exclusion) constraint|invalid input syntax for (?:type )?\w|relation "[^"\n]+" does not exist|column "?[\w.]+"? (?:does not exist|of relation)|syntax error at or near|\b(?:psycopg2?|asyncpg|Npgsql|PG|Postgrex|org\.postgresql)(?:\.|::)[\w.]{2}|\bpq: |value too long for type character varying|permission denied for (?:table|relation|schema|sequence)`),
	newSign("MySQL or MariaDB", `mysql|mariadb|sql syntax|duplicate entry|unknown column|error 1|er_|doesn't exist|for column|sqlstate`,
		`error in your SQL syntax|Duplicate entry '[^'\n]*' for key|Unknown column '[^'\n]+' in '|Error 1\d{3}(?: \([0-9A-Z]{5}\))?:|\bER_(?:DUP|BAD|PARSE|NO|DATA|TRUNCATED|ROW|WRONG|ACCESS|LOCK)[A-Z_]{2,}|Table '[\w.$-]+' doesn't exist|Data too long for column|Incorrect \w+ value: |\b(?:pymysql|MySQLdb|Mysql2|mysql\.connector|com\.mysql)[.:]{1,2}\w`),
	newSign("SQLite", `sqlite|constraint failed|no such column|no such table|sql logic error|syntax error|unrecognized token`,
		`SQLITE_[A-Z]{3,}|sqlite3?\.\w{3,}Error|(?:UNIQUE|NOT NULL|FOREIGN KEY|CHECK|PRIMARY KEY) constraint failed|no such (?:column|table): \S|SQL logic error|near "[^"\n]*": syntax error|unrecognized token: "`),
	newSign("SQL Server or Oracle", `ora-|quotation mark|conversion failed|violation of|invalid column name|invalid object name|odbc|ole db|sqlclient|pls-`,
		`\bORA-\d{5}\b|\bPLS-\d{5}\b|Unclosed quotation mark after the character string|Conversion failed when converting|Violation of (?:PRIMARY|UNIQUE) KEY constraint|Invalid (?:column|object) name '|\[(?:Microsoft|unixODBC)\]\[ODBC|OLE DB Provider for|System\.Data\.SqlClient|Microsoft\.Data\.SqlClient`),
	newSign("MongoDB", `e11000|mongo|bson|cast to |hex characters`,
		`E11000 duplicate key error|\bMongo(?:Server|Network|Bulk\w{0,8}|Parse|API)?Error\b|\bpymongo\.|\bBSON(?:Type|Version)?Error\b|Cast to (?:ObjectId|Number|Date|Boolean|string|Embedded|\[?\w+\]?) failed for value|string of 12 bytes or a string of 24 hex characters|\bMongooseError\b|unknown (?:top level )?operator: \$`),
	newSign("Prisma", `prisma`, "Invalid `(?:prisma\\.)?[\\w.()]+` invocation|\\bPrismaClient\\w{3,}|\\bprisma\\.\\w+\\.\\w+\\("),
	newSign("an object mapper", `sqlalchemy|sqlalche.me|queryfailederror|entity|sequelize|activerecord|hibernate|gorm|ecto.|knex|doctrine|jpasystem|could not execute|django.db|drizzle|entityframework|typeorm`,
		`\bsqlalchemy\.\w|sqlalche\.me/e/|\bQueryFailedError\b|\bEntity(?:NotFound|MetadataNotFound|PropertyNotFound)Error\b|Could not find any entity of type "|\bSequelize\w{3,}Error\b|\bActiveRecord::\w{3,}|\borg\.hibernate\.\w|could not execute (?:query|statement|batch)\b|\bgorm\.io/|\bEcto\.\w{3,}(?:Error|Exception)|Doctrine\\{1,2}(?:DBAL|ORM)|\bDoctrine\\|JpaSystemException|\bdjango\.db\.(?:utils|models)|\bMicrosoft\.EntityFrameworkCore\b|\bTypeORMError\b|\bDrizzleQueryError\b`),
	newSign("Go's database driver", `sql: `, `\bsql: (?:no rows in result set|Scan error on column|converting argument|expected \d|unknown driver|database is closed|transaction has already|Rows are closed)`),
	newSign("a query", `select |insert into |update |delete from `,
		`\bSELECT [\w*"`+"`"+`.,()\s\[\]$:]+ FROM ["`+"`"+`\[\w][^\n]*|\bINSERT INTO ["`+"`"+`\[\w.\]]+ ?\(|\bUPDATE ["`+"`"+`\[\w.\]]+ SET ["`+"`"+`\[\w.\]]+ ?=|\bDELETE FROM ["`+"`"+`\[\w.\]]+ WHERE |\b(?:select|insert into|update|delete from) ["`+"`"+`]\w+["`+"`"+`][^\n]*(?:from|values|set|where) `),
	newSign("a search engine or key-value store", `_exception|wrongtype|noauth|dynamodb|key element|clickhouse|db::exception`,
		`"(?:search_phase_execution|index_not_found|parsing|query_shard|x_content_parse|mapper_parsing)_exception|WRONGTYPE Operation against a key|NOAUTH Authentication required|\bResponseError: WRONGTYPE|The provided key element does not match the schema|\bDynamoDB\b[^\n]*Exception|\bDB::Exception: |\bCode: \d{1,4}\. DB::`),
	newSign("the address of a backend", `dial tcp|econnrefused|enotfound|connection refused|lookup `,
		`dial tcp [^\s"]{3,}:\d{2,5}|connect E(?:CONNREFUSED|TIMEDOUT|HOSTUNREACH) [^\s"]{3,}:\d{2,5}|getaddrinfo E(?:NOTFOUND|AI_AGAIN) [\w.-]{3,}|dial tcp: lookup [\w.-]{3,}`),
}
