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
    error_message = "Each image must have the repository that repositories names."
  }
}

run "never_lets_a_tag_name_another_image" {
  command = plan

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.image_tag_mutability == "IMMUTABLE"])
    error_message = "Tags must be immutable."
  }
}

run "scans_what_is_pushed" {
  command = plan

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.image_scanning_configuration[0].scan_on_push])
    error_message = "Each image must be scanned when it is pushed."
  }
}

run "encrypts_images" {
  command = plan

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.encryption_configuration[0].encryption_type == "AES256"])
    error_message = "Each repository must say how it is encrypted."
  }
}

run "lets_lambda_pull_for_the_one_function_alone" {
  command = plan

  assert {
    condition = jsondecode(aws_ecr_repository_policy.this["tag"].policy).Statement == [{
      Sid       = "LambdaPulls"
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = ["ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"]
      Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:lambda:eu-west-1:123456789012:function:gallery-tag" } }
    }]
    error_message = "Only Lambda, for the function of that image, may pull: ${aws_ecr_repository_policy.this["tag"].policy}"
  }
}

run "keeps_twenty_images_to_roll_back_to" {
  command = plan

  assert {
    condition = alltrue([
      for policy in aws_ecr_lifecycle_policy.this :
      jsondecode(policy.policy).rules[*].selection == [{ tagStatus = "any", countType = "imageCountMoreThan", countNumber = 20 }]
    ])
    error_message = "The newest 20 images must stay, and older ones go."
  }
}
