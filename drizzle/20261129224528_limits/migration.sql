CREATE TABLE "budgets" (
	"id" text PRIMARY KEY,
	"organization_id" text NOT NULL,
	"name" text NOT NULL,
	"scope" text NOT NULL,
	"subject" text NOT NULL,
	"limit_nanos" bigint NOT NULL,
	"currency" text NOT NULL,
	"period" text NOT NULL,
	"time_zone" text,
	"thresholds" jsonb NOT NULL,
	"stop_stream_at_limit" boolean NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "rate_limits" (
	"id" text PRIMARY KEY,
	"organization_id" text NOT NULL,
	"scope" text NOT NULL,
	"subject" text NOT NULL,
	"requests_per_minute" integer,
	"requests_per_day" integer,
	"tokens_per_minute" integer,
	"tokens_per_day" integer,
	"concurrency" integer,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "rate_limits_of" UNIQUE("organization_id","scope","subject")
);
--> statement-breakpoint
CREATE TABLE "tiers" (
	"organization_id" text,
	"name" text,
	"requests_per_minute" integer,
	"requests_per_day" integer,
	"tokens_per_minute" integer,
	"tokens_per_day" integer,
	"concurrency" integer,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tiers_pkey" PRIMARY KEY("organization_id","name")
);
--> statement-breakpoint
CREATE INDEX "budgets_by_organization" ON "budgets" ("organization_id","created_at" DESC NULLS LAST);--> statement-breakpoint
ALTER TABLE "budgets" ADD CONSTRAINT "budgets_organization_id_organizations_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id");--> statement-breakpoint
ALTER TABLE "rate_limits" ADD CONSTRAINT "rate_limits_organization_id_organizations_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id");--> statement-breakpoint
INSERT INTO "tiers" ("organization_id", "name", "requests_per_minute", "requests_per_day", "concurrency") VALUES
	('*', 'free', 20, 200, 5),
	('*', 'pro', 100, 1000, 20),
	('*', 'enterprise', NULL, NULL, NULL);
