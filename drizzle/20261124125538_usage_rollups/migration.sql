CREATE TABLE "usage_rollups" (
	"organization_id" text,
	"bucket_seconds" integer,
	"bucket_start" timestamp(3) with time zone,
	"digest" text,
	"api_key_id" text,
	"provider" text,
	"model" text,
	"tag_name" text,
	"tag_value" text,
	"currency" text,
	"requests" bigint NOT NULL,
	"errors" bigint NOT NULL,
	"attempts" bigint NOT NULL,
	"unpriced_attempts" bigint NOT NULL,
	"input_tokens" bigint NOT NULL,
	"cached_input_tokens" bigint NOT NULL,
	"cache_write_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	"reasoning_tokens" bigint NOT NULL,
	"total_tokens" bigint NOT NULL,
	"cost_nanos" numeric NOT NULL,
	CONSTRAINT "usage_rollups_pkey" PRIMARY KEY("organization_id","bucket_seconds","bucket_start","digest")
);
--> statement-breakpoint
CREATE INDEX "usage_rollups_of_all" ON "usage_rollups" ("organization_id","bucket_seconds","bucket_start") WHERE ("tag_name" is null);--> statement-breakpoint
CREATE INDEX "usage_rollups_by_tag" ON "usage_rollups" ("organization_id","bucket_seconds","tag_name","bucket_start") WHERE ("tag_name" is not null);--> statement-breakpoint
-- What the log holds already, as the gateway counts it from now on.
INSERT INTO "usage_rollups"
SELECT
	r."organization_id",
	3600,
	date_trunc('hour', r."created_at", 'UTC') AS "bucket_start",
	'log ' || md5(jsonb_build_array(r."api_key_id", a."provider", a."model", t."name", t."value", a."cost_currency")::text),
	r."api_key_id",
	a."provider",
	a."model",
	t."name",
	t."value",
	a."cost_currency",
	count(*) FILTER (WHERE a."is_last" OR a."number" IS NULL),
	count(*) FILTER (WHERE (a."is_last" OR a."number" IS NULL) AND r."status" IN ('failed', 'interrupted')),
	count(a."number"),
	count(a."number") FILTER (WHERE a."usage_estimated" IS NOT NULL AND a."cost_nanos" IS NULL),
	coalesce(sum(a."input_tokens"), 0),
	coalesce(sum(a."cached_input_tokens"), 0),
	coalesce(sum(a."cache_write_tokens"), 0),
	coalesce(sum(a."output_tokens"), 0),
	coalesce(sum(a."reasoning_tokens"), 0),
	coalesce(sum(a."total_tokens"), 0),
	coalesce(sum(a."cost_nanos"), 0)
FROM "requests" r
LEFT JOIN (
	SELECT *, "number" = max("number") OVER (PARTITION BY "request_id") AS "is_last" FROM "attempts"
) a ON a."request_id" = r."id"
CROSS JOIN LATERAL (
	SELECT NULL AS "name", NULL AS "value"
	UNION ALL
	SELECT "key", "value"::text FROM jsonb_each(coalesce(r."tags", '{}'))
) t
GROUP BY r."organization_id", "bucket_start", r."api_key_id", a."provider", a."model", t."name", t."value", a."cost_currency";
