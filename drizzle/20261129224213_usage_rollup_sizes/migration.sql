ALTER TABLE "usage_rollups" ADD COLUMN "user_id" text;--> statement-breakpoint
ALTER TABLE "usage_rollups" ADD COLUMN "accounting_currency" text;--> statement-breakpoint
ALTER TABLE "usage_rollups" ADD COLUMN "accounting_nanos" numeric DEFAULT '0' NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_rollups" ADD COLUMN "cache_hits" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_rollups" ADD COLUMN "latency" bigint[] DEFAULT '{}'::bigint[] NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_rollups" ADD COLUMN "time_to_first_token" bigint[] DEFAULT '{}'::bigint[] NOT NULL;--> statement-breakpoint
CREATE INDEX "usage_rollups_minutes" ON "usage_rollups" ("bucket_start") WHERE "bucket_seconds" = 60;--> statement-breakpoint
CREATE FUNCTION "add_counts"(a bigint[], b bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT coalesce(array_agg(coalesce(x, 0) + coalesce(y, 0) ORDER BY i), '{}')
	FROM unnest(a, b) WITH ORDINALITY AS pair(x, y, i)
$$;
--> statement-breakpoint
CREATE AGGREGATE "sum_counts"(bigint[]) (SFUNC = "add_counts", STYPE = bigint[], INITCOND = '{}');
--> statement-breakpoint
INSERT INTO "usage_rollups" ("organization_id", "bucket_seconds", "bucket_start", "digest", "api_key_id", "provider", "model", "tag_name", "tag_value", "currency", "requests", "errors", "attempts", "unpriced_attempts", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "total_tokens", "cost_nanos")
SELECT "organization_id", 86400, date_trunc('day', "bucket_start", 'UTC'), "digest", min("api_key_id"), min("provider"), min("model"), min("tag_name"), min("tag_value"), min("currency"), sum("requests"), sum("errors"), sum("attempts"), sum("unpriced_attempts"), sum("input_tokens"), sum("cached_input_tokens"), sum("cache_write_tokens"), sum("output_tokens"), sum("reasoning_tokens"), sum("total_tokens"), sum("cost_nanos")
FROM "usage_rollups" WHERE "bucket_seconds" = 3600
GROUP BY "organization_id", date_trunc('day', "bucket_start", 'UTC'), "digest";
