CREATE TABLE "idempotency_keys" (
	"organization_id" text,
	"actor_id" text,
	"key" text,
	"fingerprint" text NOT NULL,
	"request_id" text NOT NULL,
	"status" integer,
	"headers" jsonb,
	"body" bytea,
	"expires_at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY("organization_id","actor_id","key")
);
--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "previous_hash" bytea;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "previous_expires_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "allowed_ips" jsonb;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "tags" jsonb;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "metadata" jsonb;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "disabled_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_previous_hash_key" UNIQUE("previous_hash");--> statement-breakpoint
CREATE INDEX "idempotency_keys_by_end" ON "idempotency_keys" ("expires_at");