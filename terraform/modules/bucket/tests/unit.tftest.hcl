# The real provider, which renders policies and checks arguments; a plan of new things asks AWS
# nothing.
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  name                    = "gallery-photos-123456789012-eu-west-1"
  cors_methods            = ["POST", "PUT"]
  cors_origins            = ["https://photos.example.com"]
  log_bucket              = "gallery-logs-123456789012-eu-west-1"
  log_prefix              = "photos/"
  noncurrent_version_days = 30
  notify_eventbridge      = true
}

run "is_open_to_nobody_and_only_by_tls" {
  command = plan

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "All four public access blocks must be on."
  }

  assert {
    condition     = aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "The bucket's owner must own every object, without ACLs."
  }

  assert {
    condition = jsondecode(aws_s3_bucket_policy.this.policy).Statement == [{
      Sid       = "DenyWithoutTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource = [
        "arn:aws:s3:::gallery-photos-123456789012-eu-west-1/*",
        "arn:aws:s3:::gallery-photos-123456789012-eu-west-1",
      ]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "The policy must deny every action without TLS, on the bucket and its objects: ${aws_s3_bucket_policy.this.policy}"
  }
}

run "adds_statements_to_the_one_for_tls" {
  command = plan

  variables {
    policy_json = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Sid       = "S3WritesAccessLogs"
        Effect    = "Allow"
        Principal = { Service = "logging.s3.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "arn:aws:s3:::gallery-photos-123456789012-eu-west-1/photos/*"
      }]
    })
  }

  assert {
    condition     = jsondecode(aws_s3_bucket_policy.this.policy).Statement[*].Sid == ["S3WritesAccessLogs", "DenyWithoutTls"]
    error_message = "policy_json must stand beside the statement that demands TLS."
  }
}

run "lets_one_distribution_read" {
  command = plan

  variables {
    cloudfront = { distribution_arn = "arn:aws:cloudfront::123456789012:distribution/E1234567890ABC" }
  }

  assert {
    condition = jsondecode(aws_s3_bucket_policy.this.policy).Statement[0] == {
      Sid       = "CloudFrontReads"
      Effect    = "Allow"
      Principal = { Service = "cloudfront.amazonaws.com" }
      Action    = "s3:GetObject"
      Resource  = "arn:aws:s3:::gallery-photos-123456789012-eu-west-1/*"
      Condition = { StringEquals = { "aws:SourceArn" = "arn:aws:cloudfront::123456789012:distribution/E1234567890ABC" } }
    }
    error_message = "CloudFront must read objects for that distribution, and do nothing else: ${aws_s3_bucket_policy.this.policy}"
  }
}

run "encrypts_with_the_given_key_and_few_calls_of_kms" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  }

  assert {
    condition = alltrue([
      one(aws_s3_bucket_server_side_encryption_configuration.this.rule).bucket_key_enabled,
      one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms",
      one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].kms_master_key_id == var.kms_key_arn,
    ])
    error_message = "The key of kms_key_arn must encrypt, by a bucket key."
  }
}

run "cleans_up_versions_and_incomplete_uploads" {
  command = plan

  assert {
    condition     = aws_s3_bucket_versioning.this[0].versioning_configuration[0].status == "Enabled"
    error_message = "noncurrent_version_days must turn versioning on."
  }

  assert {
    condition = [
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule :
      one(rule.noncurrent_version_expiration).noncurrent_days if length(rule.noncurrent_version_expiration) > 0
    ] == [30]
    error_message = "Versions must end after noncurrent_version_days."
  }

  assert {
    condition = [
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule :
      one(rule.abort_incomplete_multipart_upload).days_after_initiation if length(rule.abort_incomplete_multipart_upload) > 0
    ] == [1]
    error_message = "Parts of an upload that was never completed must go after a day."
  }
}

run "expires_every_object_where_asked_to" {
  command = plan

  variables {
    expiration_days         = 90
    noncurrent_version_days = null
  }

  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.expiration[0].days if rule.id == "expire"] == [90]
    error_message = "Objects must end after expiration_days."
  }
}

run "lets_pages_of_the_named_origins_upload" {
  command = plan

  assert {
    condition = alltrue([
      one(aws_s3_bucket_cors_configuration.this[0].cors_rule).allowed_methods == toset(["POST", "PUT"]),
      one(aws_s3_bucket_cors_configuration.this[0].cors_rule).allowed_origins == toset(["https://photos.example.com"]),
      one(aws_s3_bucket_cors_configuration.this[0].cors_rule).expose_headers == toset(["ETag", "x-amz-version-id"]),
      !contains(one(aws_s3_bucket_cors_configuration.this[0].cors_rule).allowed_headers, "*"),
    ])
    error_message = "A page must be let as cors_methods and cors_origins say, and see the ETag of a part."
  }
}

run "tells_of_every_request_and_object" {
  command = plan

  assert {
    condition     = aws_s3_bucket_logging.this[0].target_bucket == var.log_bucket && aws_s3_bucket_logging.this[0].target_prefix == "photos/"
    error_message = "Access logs must go to log_bucket, under log_prefix."
  }

  assert {
    condition     = aws_s3_bucket_notification.this[0].eventbridge
    error_message = "S3 must tell EventBridge of each object."
  }
}

run "does_no_more_than_it_is_asked_to" {
  command = plan

  variables {
    cors_origins            = []
    log_bucket              = null
    noncurrent_version_days = null
    notify_eventbridge      = false
  }

  assert {
    condition     = length(aws_s3_bucket_versioning.this) == 0
    error_message = "Without noncurrent_version_days there must be no versioning."
  }

  assert {
    condition     = join(" ", aws_s3_bucket_lifecycle_configuration.this.rule[*].id) == "abort-incomplete-uploads"
    error_message = "Nothing may expire unless asked for."
  }

  assert {
    condition     = length(aws_s3_bucket_cors_configuration.this) == 0
    error_message = "Without cors_origins there must be no CORS."
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    error_message = "Without kms_key_arn S3's own key must encrypt."
  }

  assert {
    condition     = !aws_s3_bucket.this.force_destroy
    error_message = "By default a bucket that holds objects must refuse to be destroyed."
  }

  assert {
    condition     = length(aws_s3_bucket_logging.this) == 0 && length(aws_s3_bucket_notification.this) == 0
    error_message = "Nobody may be told of requests and objects unless asked to."
  }
}
