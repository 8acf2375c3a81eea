CREATE TABLE "api_keys" (
	"id" text PRIMARY KEY,
	"organization_id" text NOT NULL,
	"name" text NOT NULL,
	"prefix" text NOT NULL,
	"hash" bytea NOT NULL UNIQUE,
	"tier" text NOT NULL,
	"scopes" jsonb NOT NULL,
	"models" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_used_at" timestamp with time zone,
	"expires_at" timestamp with time zone,
	"revoked_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "attempts" (
	"request_id" text,
	"number" integer,
	"provider" text NOT NULL,
	"model" text NOT NULL,
	"status" text NOT NULL,
	"started_at" timestamp(3) with time zone NOT NULL,
	"http_status" integer,
	"error_code" text,
	"error_message" text,
	"latency_ms" double precision NOT NULL,
	"time_to_first_token_ms" double precision,
	"upstream_id" text,
	"upstream_model" text,
	"raw_usage" jsonb,
	"price" jsonb,
	"input_tokens" integer,
	"cached_input_tokens" integer,
	"cache_write_tokens" integer,
	"output_tokens" integer,
	"reasoning_tokens" integer,
	"total_tokens" integer,
	"usage_estimated" boolean,
	"cost_nanos" bigint,
	"cost_currency" text,
	CONSTRAINT "attempts_pkey" PRIMARY KEY("request_id","number")
);
--> statement-breakpoint
CREATE TABLE "organizations" (
	"id" text PRIMARY KEY,
	"name" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "requests" (
	"id" text PRIMARY KEY,
	"organization_id" text NOT NULL,
	"api_key_id" text,
	"created_at" timestamp(3) with time zone NOT NULL,
	"door" text NOT NULL,
	"requested_model" text NOT NULL,
	"model" text,
	"provider" text,
	"status" text NOT NULL,
	"stream" boolean NOT NULL,
	"latency_ms" double precision NOT NULL,
	"time_to_first_token_ms" double precision,
	"error_code" text,
	"tags" jsonb,
	"input_tokens" integer,
	"cached_input_tokens" integer,
	"cache_write_tokens" integer,
	"output_tokens" integer,
	"reasoning_tokens" integer,
	"total_tokens" integer,
	"usage_estimated" boolean,
	"cost_nanos" bigint,
	"cost_currency" text
);
--> statement-breakpoint
CREATE INDEX "api_keys_by_organization" ON "api_keys" ("organization_id","created_at");--> statement-breakpoint
CREATE INDEX "requests_by_time" ON "requests" ("organization_id","created_at" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "requests_by_model" ON "requests" ("organization_id","model","created_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "requests_by_provider" ON "requests" ("organization_id","provider","created_at" DESC NULLS LAST);--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_organization_id_organizations_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id");--> statement-breakpoint
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_request_id_requests_id_fkey" FOREIGN KEY ("request_id") REFERENCES "requests"("id") ON DELETE CASCADE;