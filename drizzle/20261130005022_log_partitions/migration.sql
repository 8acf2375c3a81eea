-- The log and the ledger become partitioned by month. A table cannot be made so in place: the rows move to new ones.
ALTER TABLE "attempts" DROP CONSTRAINT "attempts_request_id_requests_id_fkey";--> statement-breakpoint
ALTER TABLE "requests" RENAME TO "requests_before";--> statement-breakpoint
ALTER TABLE "attempts" RENAME TO "attempts_before";--> statement-breakpoint
ALTER TABLE "ledger_entries" RENAME TO "ledger_entries_before";--> statement-breakpoint
ALTER TABLE "requests_before" DROP CONSTRAINT "requests_pkey";--> statement-breakpoint
ALTER TABLE "attempts_before" DROP CONSTRAINT "attempts_pkey";--> statement-breakpoint
ALTER TABLE "ledger_entries_before" DROP CONSTRAINT "ledger_entries_pkey";--> statement-breakpoint
DROP INDEX "requests_by_time", "requests_by_model", "requests_by_provider", "ledger_entries_by_time", "ledger_entries_by_request";--> statement-breakpoint
CREATE TABLE "requests" (LIKE "requests_before") PARTITION BY RANGE ("created_at");--> statement-breakpoint
CREATE TABLE "attempts" (LIKE "attempts_before", "created_at" timestamp(3) with time zone NOT NULL) PARTITION BY RANGE ("created_at");--> statement-breakpoint
CREATE TABLE "ledger_entries" (LIKE "ledger_entries_before") PARTITION BY RANGE ("created_at");--> statement-breakpoint
CREATE TABLE "requests_default" PARTITION OF "requests" DEFAULT;--> statement-breakpoint
CREATE TABLE "attempts_default" PARTITION OF "attempts" DEFAULT;--> statement-breakpoint
CREATE TABLE "ledger_entries_default" PARTITION OF "ledger_entries" DEFAULT;--> statement-breakpoint
-- The months that have rows, and this one with the next two; later ones are made by the gateway.
DO $$
DECLARE
	log text;
	month timestamp;
BEGIN
	FOR month IN
		SELECT date_trunc('month', "created_at" AT TIME ZONE 'UTC') FROM "requests_before"
		UNION
		SELECT date_trunc('month', "created_at" AT TIME ZONE 'UTC') FROM "ledger_entries_before"
		UNION
		SELECT date_trunc('month', now() AT TIME ZONE 'UTC') + ahead * interval '1 month' FROM generate_series(0, 2) AS ahead
	LOOP
		FOREACH log IN ARRAY ARRAY['requests', 'attempts', 'ledger_entries'] LOOP
			EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
				log || to_char(month, '_YYYY_MM'), log,
				to_char(month, 'YYYY-MM-DD"T00:00:00Z"'), to_char(month + interval '1 month', 'YYYY-MM-DD"T00:00:00Z"'));
		END LOOP;
	END LOOP;
END
$$;--> statement-breakpoint
INSERT INTO "requests" SELECT * FROM "requests_before";--> statement-breakpoint
INSERT INTO "attempts" SELECT a.*, r."created_at" FROM "attempts_before" a JOIN "requests_before" r ON r."id" = a."request_id";--> statement-breakpoint
INSERT INTO "ledger_entries" SELECT * FROM "ledger_entries_before";--> statement-breakpoint
DROP TABLE "attempts_before", "requests_before", "ledger_entries_before";--> statement-breakpoint
ALTER TABLE "requests" ADD PRIMARY KEY ("id","created_at");--> statement-breakpoint
ALTER TABLE "attempts" ADD PRIMARY KEY ("request_id","created_at","number");--> statement-breakpoint
ALTER TABLE "ledger_entries" ADD PRIMARY KEY ("id","created_at");--> statement-breakpoint
CREATE INDEX "requests_by_time" ON "requests" ("organization_id","created_at" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "requests_by_model" ON "requests" ("organization_id","model","created_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "requests_by_provider" ON "requests" ("organization_id","provider","created_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "ledger_entries_by_time" ON "ledger_entries" ("organization_id","created_at");--> statement-breakpoint
CREATE INDEX "ledger_entries_by_request" ON "ledger_entries" ("request_id");
