# Uses the real provider, which renders policies and checks arguments. A plan of new resources sends
# no requests to AWS.
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  images_parameter = "/gallery/images"

  deployment = {
    account_id = "123456789012"
    dns_suffix = "amazonaws.com"
    partition  = "aws"
    region     = "eu-west-1"
  }
  repositories = {
    extract = {
      name         = "gallery-extract"
      function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:gallery-extract"
    }
    tag = {
      name         = "gallery-tag"
      function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:gallery-tag"
    }
  }
}

run "has_a_repository_for_each_image" {
  command = plan

  assert {
    condition     = { for key, repository in aws_ecr_repository.this : key => repository.name } == { extract = "gallery-extract", tag = "gallery-tag" }
    error_message = "Each image must have the repository in var.repositories."
  }
}

run "tags_are_immutable" {
  command = plan

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.image_tag_mutability == "IMMUTABLE"])
    error_message = "Tags must be immutable."
  }
}

run "scans_images_on_push" {
  command = plan

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.image_scanning_configuration[0].scan_on_push])
    error_message = "Each image must be scanned on push."
  }
}

run "encrypts_images" {
  command = plan

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.encryption_configuration[0].encryption_type == "AES256"])
    error_message = "Each repository must have an encryption configuration."
  }
}

run "allows_lambda_to_pull_for_one_function_only" {
  command = plan

  assert {
    condition = jsondecode(aws_ecr_repository_policy.this["tag"].policy).Statement == [{
      Sid       = "AllowLambdaPull"
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = ["ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"]
      Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:lambda:eu-west-1:123456789012:function:gallery-tag" } }
    }]
    error_message = "Only Lambda may pull, and only for the function of that image: ${aws_ecr_repository_policy.this["tag"].policy}"
  }
}
