CREATE TABLE "ledger_entries" (
	"id" text,
	"created_at" timestamp(3) with time zone,
	"organization_id" text NOT NULL,
	"api_key_id" text,
	"request_id" text,
	"attempt_number" integer,
	"kind" text NOT NULL,
	"currency" text NOT NULL,
	"nanos" bigint NOT NULL,
	"reason" text,
	CONSTRAINT "ledger_entries_pkey" PRIMARY KEY("id","created_at")
);
--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "accounting_nanos" bigint;--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "accounting_currency" text;--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "rate" jsonb;--> statement-breakpoint
ALTER TABLE "requests" ADD COLUMN "user_id" text;--> statement-breakpoint
ALTER TABLE "requests" ADD COLUMN "reserved_nanos" bigint;--> statement-breakpoint
ALTER TABLE "requests" ADD COLUMN "reserved_currency" text;--> statement-breakpoint
CREATE INDEX "ledger_entries_by_time" ON "ledger_entries" ("organization_id","created_at");--> statement-breakpoint
CREATE INDEX "ledger_entries_by_request" ON "ledger_entries" ("request_id");--> statement-breakpoint
INSERT INTO "ledger_entries" ("id", "created_at", "organization_id", "api_key_id", "request_id", "kind", "currency", "nanos")
SELECT r."id" || '/settlement/' || a."cost_currency", r."created_at", r."organization_id", r."api_key_id", r."id",
	'settlement', a."cost_currency", sum(a."cost_nanos")::bigint
FROM "attempts" a JOIN "requests" r ON r."id" = a."request_id"
WHERE a."cost_nanos" IS NOT NULL
GROUP BY r."id", a."cost_currency";
