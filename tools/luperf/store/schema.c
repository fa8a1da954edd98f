// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables of a history. Each step leads from one version to the next; a new history takes them all. A step that
 * was released is never changed: another one is added.
 */
#include <stdlib.h>
#include "lib/mem.h"
#include "luperf/store/schema.h"
#include "luperf/store/store.h"

/*
 * To version 1. What is the same in many samples stands once: environments (the facts of a fingerprint) and names of
 * domains. operation.kernel is 0 for the kernel that jumped and 1 for the next one; operation.op is explained in
 * the table op. Times are nanoseconds, addition is in seconds since 1970.
 */
static const char *const to_1[] = {
	"CREATE TABLE history (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
	"CREATE TABLE environment (id @ID@, hash TEXT NOT NULL)",
	"CREATE INDEX environment_hash ON environment (hash)",
	"CREATE TABLE fact (environment BIGINT NOT NULL REFERENCES environment, name TEXT NOT NULL, "
	"value TEXT NOT NULL, PRIMARY KEY (environment, name))",
	"CREATE TABLE sample (id @ID@, identity TEXT NOT NULL UNIQUE, happened_ns BIGINT NOT NULL, "
	"added_s BIGINT NOT NULL, environment BIGINT NOT NULL REFERENCES environment, "
	"commit_id TEXT NOT NULL, branch TEXT NOT NULL, verdict TEXT NOT NULL)",
	"CREATE INDEX sample_commit ON sample (commit_id)",
	"CREATE INDEX sample_environment ON sample (environment)",
	"CREATE TABLE label (sample BIGINT NOT NULL REFERENCES sample, name TEXT NOT NULL, "
	"value TEXT NOT NULL, PRIMARY KEY (sample, name))",
	"CREATE TABLE domain (id @ID@, name TEXT NOT NULL UNIQUE)",
	"CREATE TABLE op (op BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
	"INSERT INTO op VALUES (0, 'preserve'), (1, 'unpreserve'), (2, 'restore'), (3, 'flb_preserve'), "
	"(4, 'flb_unpreserve'), (5, 'flb_retrieve'), (6, 'flb_finish')",
	"CREATE TABLE operation (sample BIGINT NOT NULL REFERENCES sample, number BIGINT NOT NULL, "
	"kernel BIGINT NOT NULL, op BIGINT NOT NULL, domain BIGINT REFERENCES domain, "
	"at_ns BIGINT NOT NULL, latency_ns BIGINT, tables BIGINT NOT NULL, bytes BIGINT NOT NULL, "
	"result BIGINT NOT NULL, PRIMARY KEY (sample, number))",
	"CREATE TABLE quantity (sample BIGINT NOT NULL REFERENCES sample, name TEXT NOT NULL, "
	"value BIGINT NOT NULL, PRIMARY KEY (sample, name))",
	"CREATE TABLE finding (sample BIGINT NOT NULL REFERENCES sample, number BIGINT NOT NULL, "
	"rule TEXT NOT NULL, verdict TEXT NOT NULL, details TEXT NOT NULL, "
	"PRIMARY KEY (sample, number))",
	"CREATE TABLE source (sample BIGINT NOT NULL REFERENCES sample, number BIGINT NOT NULL, "
	"kernel BIGINT NOT NULL, path TEXT NOT NULL, bytes BIGINT NOT NULL, crc32 BIGINT NOT NULL, "
	"PRIMARY KEY (sample, number))",
	"INSERT INTO history VALUES ('version', '0')",
	NULL
};

/*
 * To version 2: what gates have said. comparison.kind is "gate", or "control" where the base was compared with
 * itself; alarm.state is "confirmed", "cleared" or left "unconfirmed" by the second measurement, or "control"; alarm.opinion is "", "true",
 * "false" or "accepted".
 */
static const char *const to_2[] = {
	"CREATE TABLE comparison (id @ID@, at_s BIGINT NOT NULL, run TEXT NOT NULL, kind TEXT NOT NULL, "
	"old TEXT NOT NULL, new TEXT NOT NULL, answer TEXT NOT NULL)",
	"CREATE TABLE alarm (id @ID@, comparison BIGINT NOT NULL REFERENCES comparison, "
	"metric TEXT NOT NULL, state TEXT NOT NULL, old_median DOUBLE PRECISION NOT NULL, "
	"new_median DOUBLE PRECISION NOT NULL, shift DOUBLE PRECISION NOT NULL, "
	"p DOUBLE PRECISION NOT NULL, nr_old BIGINT NOT NULL, nr_new BIGINT NOT NULL, "
	"opinion TEXT NOT NULL, note TEXT NOT NULL, opinion_s BIGINT NOT NULL)",
	"CREATE INDEX alarm_comparison ON alarm (comparison)",
	NULL
};

/* steps[v] leads from version v to v + 1. */
static const char *const *const steps[STORE_VERSION] = { to_1, to_2 };

static int set_version(struct db *db, int version, struct fault *fault)
{
	char *sql = xasprintf("UPDATE history SET value = '%d' WHERE name = 'version'", version);
	int err = db__exec(db, sql, fault);

	free(sql);
	return err;
}

static int step(struct db *db, int from, int to, struct fault *fault)
{
	const char *const *sql;

	for (; from < to; from++)
		for (sql = steps[from]; *sql; sql++)
			if (db__exec(db, *sql, fault))
				return -1;
	return set_version(db, to, fault);
}

/* 0: there are no tables yet. -1 with @fault. */
static int version_of(struct db *db, struct fault *fault)
{
	int version = 0, has = db__has_table(db, "history", fault);
	struct query *q;

	if (has <= 0)
		return has;
	q = db__query(db, "SELECT value FROM history WHERE name = 'version'", fault);
	if (!q)
		return -1;
	if (query__step(q, fault) == 1)
		version = atoi(query__text(q, 0));
	query__free(q);
	if (version < 1)
		return fault__set(fault, "%s has a table \"history\" that is not of luperf", db__name(db));
	return version;
}

/* Who else came first has done it. */
static int upgrade(struct db *db, int to, struct fault *fault)
{
	int version;

	if (db__begin(db, fault))
		return -1;
	version = version_of(db, fault);
	if (version >= 0 && (version >= to || !step(db, version, to, fault)) && !db__commit(db, fault))
		return 0;
	db__rollback(db);
	return -1;
}

int schema__create(struct db *db, int version, struct fault *fault)
{
	return upgrade(db, version, fault);
}

int schema__check(struct db *db, bool create, struct fault *fault)
{
	int version = version_of(db, fault);
	struct fault why;

	if (version < 0)
		return -1;
	if (version > STORE_VERSION)
		return fault__set(fault, "%s is of version %d, this luperf knows %d: take the luperf that "
				  "wrote it, or a newer one", db__name(db), version, STORE_VERSION);
	if (version == STORE_VERSION)
		return 0;
	if (!version && !create)
		return fault__set(fault, "there is no history in %s: luperf add begins one", db__name(db));
	if (!version)
		return upgrade(db, STORE_VERSION, fault);
	if (upgrade(db, STORE_VERSION, &why))
		return fault__set(fault, "it is of the older version %d, and cannot be brought up to %d: %s",
				  version, STORE_VERSION, why.text);
	return 0;
}
